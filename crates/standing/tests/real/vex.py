"""Compares a document with the schema of CycloneDX 1.6 and reads it as a consumer does.

`vex.py FILE` prints one line for each thing that is otherwise and ends with exit code 1, or prints what
the consumer found: each vulnerability, what is said of it, and the component that it is said of.
"""

import json
import sys

from cyclonedx.model.bom import Bom
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator


def found(bom):
    """`id state component version purl` of every component that a vulnerability is said to affect."""
    components = {str(c.bom_ref.value): c for c in bom.components}
    for vulnerability in bom.vulnerabilities:
        for target in vulnerability.affects:
            component = components[str(target.ref)]
            state = vulnerability.analysis.state.value
            version, purl = component.version or "-", component.purl or "-"
            yield f"{vulnerability.id} {state} {component.name} {version} {purl}"


def main(path):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    errors = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text, all_errors=True)
    for error in errors or ():
        print(error)
    if errors:
        return 1
    for line in sorted(found(Bom.from_json(json.loads(text)))):
        print(line)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
