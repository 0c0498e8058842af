"""A template as CloudFormation runs it for given parameters: conditions decided, and what does not exist left out."""

from expansion import as_list

NOTHING = object()


def decided(template, parameters):
    """The template for these parameters, with the defaults of the others: no Fn::If and no Condition is left in it."""
    values = {key: str(parameter.get("Default", "")) for key, parameter in template.get("Parameters", {}).items()} | parameters
    holds = {}

    def condition(value):
        ((function, argument),) = value.items()
        if function == "Condition":
            return of(argument)
        if function == "Fn::Equals":
            left, right = (values[one["Ref"]] if isinstance(one, dict) else str(one) for one in argument)
            return left == right
        if function == "Fn::Not":
            return not condition(argument[0])
        return (all if function == "Fn::And" else any)(condition(one) for one in argument)

    def of(name):
        if name not in holds:
            holds[name] = condition(template["Conditions"][name])
        return holds[name]

    def pruned(value):
        if isinstance(value, list):
            return [item for item in map(pruned, value) if item is not NOTHING]
        if isinstance(value, dict):
            if "Fn::If" in value:
                name, then, otherwise = value["Fn::If"]
                return pruned(then if of(name) else otherwise)
            if value == {"Ref": "AWS::NoValue"}:
                return NOTHING
            kept = {key: pruned(item) for key, item in value.items()}
            return {key: item for key, item in kept.items() if item is not NOTHING}
        return value

    def existing(section):
        there = {key: value for key, value in template.get(section, {}).items() if all(map(of, as_list(value.get("Condition", []))))}
        return {key: pruned({part: item for part, item in value.items() if part != "Condition"}) for key, value in there.items()}

    made = template | {"Resources": existing("Resources"), "Outputs": existing("Outputs"), "Conditions": {}}
    # To wait for what does not exist is allowed.
    for resource in made["Resources"].values():
        if "DependsOn" in resource:
            waits = as_list(resource["DependsOn"])
            resource["DependsOn"] = [one for one in waits if one in made["Resources"] or one not in template["Resources"]]
    return made, holds
