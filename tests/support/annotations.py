"""heed.d.lua, read as an editor reads it, beside what heed says otherwise.

    annotations.py schemas FILE              every plugin of `heed list`
    annotations.py host FILE PLAN.json       users and evaluation of a plan
    annotations.py calls FILE CALLS          what tests/support/record.lua wrote
    annotations.py literals FILE ALIAS       the texts of an alias, one a line
    annotations.py fields FILE CLASS         the fields of a class, one a line
    annotations.py words FILE                the functions of h, one a line

Prints what differs, and exits with 1 if anything does.  $HEED is the program.
"""
import json
import os
import re
import subprocess
import sys

TOKEN = re.compile(r"""\s*(?:("(?:[^"\\]|\\.)*")|(\[\])|([A-Za-z_0-9][\w.*-]*)|(.))""")


class Types:
    """A type expression.  A type is a frozenset of alternatives: names, texts
    in quotes, ("list", type), ("map", key, value), ("function",)."""

    def __init__(self, text):
        self.text, self.at = text, 0

    def peek(self):
        match = TOKEN.match(self.text, self.at)
        return match.group(match.lastindex) if match else ""

    def take(self, expected=None):
        match = TOKEN.match(self.text, self.at)
        if not match:
            raise ValueError(f"{self.text!r} ends too early")
        token = match.group(match.lastindex)
        if expected is not None and token != expected:
            raise ValueError(f"{self.text!r}: found {token!r}, expected {expected!r}")
        self.at = match.end()
        return token

    def union(self):
        found = set(self.unit())
        while self.peek() == "|":
            self.take()
            found |= self.unit()
        if self.peek() == "?":
            self.take()
            found.add("nil")
        return frozenset(found)

    def unit(self):
        token = self.take()
        if token == "(":
            made = self.union()
            self.take(")")
        elif token == "fun":
            made = self.function()
        elif token.startswith('"'):
            made = frozenset([token])
        elif re.fullmatch(r"[\w.*-]+", token):
            made = frozenset([token])
            if token == "table" and self.peek() == "<":
                self.take()
                key = self.union()
                self.take(",")
                made = frozenset([("map", key, self.union())])
                self.take(">")
        else:
            raise ValueError(f"{self.text!r}: {token!r} is no type")
        while self.peek() == "[]":
            self.take()
            made = frozenset([("list", made)])
        return made

    def function(self):
        self.take("(")
        while self.peek() != ")":
            self.take()
            if self.peek() == "?":
                self.take()
            self.take(":")
            self.union()
            if self.peek() == ",":
                self.take()
        self.take(")")
        if self.peek() == ":":
            self.take()
            self.union()
        return frozenset([("function",)])

    @classmethod
    def split(cls, text):
        """The type that a text begins with, and the rest of the text."""
        parser = cls(text)
        return parser.union(), text[parser.at:].strip()


class Annotations:
    """Classes {name: {field: (optional, type, comment)}}, parents, aliases and
    functions {name: (optional, type of the parameter, type returned)}."""

    def __init__(self, path):
        self.classes, self.parents, self.aliases, self.functions = {}, {}, {}, {}
        self.met = set()
        param, returned, current = None, None, None
        lines = open(path, encoding="utf-8").read().split("\n")
        if lines[0] != "---@meta heed":
            raise ValueError(f"line 1: found {lines[0]!r}, expected ---@meta heed")
        for number, line in enumerate(lines, 1):
            try:
                tag = re.match(r"---@(\w+) ?(.*)", line)
                word, rest = tag.groups() if tag else (None, None)
                if word == "class":
                    current = self.add_class(rest)
                elif word == "field":
                    self.add_field(current, rest)
                elif word == "alias":
                    name, rest = rest.split(" ", 1)
                    self.add(self.aliases, name, self.whole(rest))
                elif word == "param":
                    name, rest = rest.split(" ", 1)
                    param = (name.endswith("?"), self.whole(rest))
                elif word == "return":
                    returned = self.whole(rest)
                elif word == "overload":
                    self.whole(rest)
                elif word not in (None, "meta"):
                    raise ValueError(f"@{word} is not known")
                made = re.match(r'(?:function )?heed\.([\w.]+)(?:\["(\w+)"\])?(?:\(| = function\()', line)
                if made:
                    name = ".".join(filter(None, made.groups()))
                    self.add(self.functions, name, (*(param or (None, None)), returned))
                    param, returned = None, None
                if not line.startswith("---@"):
                    current = None if not line.startswith("---") else current
            except ValueError as error:
                raise ValueError(f"line {number}: {error}") from None

    @staticmethod
    def whole(text):
        found, rest = Types.split(text)
        if rest:
            raise ValueError(f"{rest!r} after a type")
        return found

    @staticmethod
    def add(table, name, value):
        if name in table:
            raise ValueError(f"{name} is defined twice")
        table[name] = value

    def add_class(self, rest):
        name, parent = re.fullmatch(r"(?:\(exact\) )?([\w.]+)(?:: ([\w.]+))?", rest).groups()
        self.add(self.classes, name, {})
        self.parents[name] = parent
        return name

    def add_field(self, current, rest):
        if current is None:
            raise ValueError("a field of no class")
        name, optional, rest = re.match(r"(\w+|\[\w+\])(\??) (.*)", rest).groups()
        found, comment = Types.split(rest)
        self.add(self.classes[current], name, (optional == "?", found, comment))

    def fields(self, name):
        self.met.add(name)
        parent = self.parents.get(name)
        return {**(self.fields(parent) if parent in self.classes else {}),
                **self.classes[name]}

    def expand(self, found):
        """With aliases replaced by what they stand for."""
        result = set()
        for each in found:
            if each in self.aliases:
                self.met.add(each)
                result |= self.expand(self.aliases[each])
            else:
                result.add(each)
        return frozenset(result)


# ---- schemas ----

class Schemas:
    def __init__(self, annotations, plugins):
        self.annotations, self.plugins, self.wrong = annotations, plugins, []

    def names(self, kind):
        """Plugins that can be named by a text."""
        return {json.dumps(p["name"]) for p in self.plugins if p["kind"] == kind and
                not any(self.required(x) for x in p["parameters"])}

    @staticmethod
    def required(parameter):
        return parameter["default"] is None and not parameter["optional"]

    @staticmethod
    def default(parameter):
        """As a sweep would write it: texts in quotes."""
        text = parameter["default"]
        number = re.fullmatch(r"[-+.\de]+", text)
        quoted = parameter["type"] in ("text", "enum", "path", "plugin") or \
            parameter["type"] == "enum or number" and not number
        return json.dumps(text) if quoted else text

    def check_type(self, place, parameter, found):
        """found, without axes, is the type of the parameter."""
        if "heed.Axis" not in found:
            self.wrong.append(f"{place}: cannot be an axis")
        rest = found - {"heed.Axis"}
        kind = parameter["type"]
        plain = {"number": "number", "integer": "integer", "boolean": "boolean",
                 "text": "string"}
        choices = {json.dumps(choice) for choice in parameter.get("choices", [])}
        if kind == "path":
            self.equal(place, rest, {"heed.Path"})
            self.annotations.met.add("heed.Path")
        elif kind in plain:
            self.equal(place, rest, {plain[kind]})
        elif kind == "enum":
            self.equal(place, self.annotations.expand(rest), choices)
        elif kind == "enum or number":
            self.equal(place, self.annotations.expand(rest), choices | {"number"})
        elif kind == "plugin":
            self.annotations.met.add(f"heed.{parameter['kind']}.Plugin")
            self.equal(place, self.annotations.expand(rest),
                       self.names(parameter["kind"]) | {f"heed.{parameter['kind']}.Plugin"})
        elif kind == "record":
            self.check_class(place, self.single(place, rest), parameter["fields"], {})
        elif kind == "list":
            if parameter["item"]["type"] == "path":  # one path is a list of one
                self.equal(place, rest & {"heed.Path"}, {"heed.Path"})
                rest = rest - {"heed.Path"}
            inner = self.single(place, rest)
            if self.equal(place, inner[0], "list"):
                self.check_type(place + "[]", parameter["item"], inner[1])
        elif kind == "map":
            inner = self.single(place, rest)
            if self.equal(place, inner[0], "map"):
                self.equal(place, inner[1], {"string"})
                self.check_type(place + "{}", parameter["item"], inner[2])
        else:
            self.wrong.append(f"{place}: heed has a type {kind}, which this test does not know")

    def equal(self, place, found, expected):
        if found != expected:
            self.wrong.append(f"{place}: found {self.show(found)}, expected {self.show(expected)}")
        return found == expected

    @staticmethod
    def show(found):
        return found if isinstance(found, str) else "|".join(sorted(map(str, found)))

    def single(self, place, found):
        if len(found) == 1:
            return next(iter(found))
        self.wrong.append(f"{place}: found {self.show(found)}, expected one type")
        return ("", "", "")

    def check_class(self, place, name, parameters, beside):
        if name not in self.annotations.classes:
            self.wrong.append(f"{place}: there is no class {name}")
            return
        fields = self.annotations.fields(name)
        expected = {p["name"] for p in parameters} | set(beside)
        for missing in sorted(expected - set(fields)):
            self.wrong.append(f"{place}.{missing}: is missing")
        for extra in sorted(set(fields) - expected):
            self.wrong.append(f"{place}.{extra}: is no parameter")
        for key, (optional, found) in beside.items():
            if key in fields and fields[key][:2] != (optional, found):
                self.wrong.append(f"{place}.{key}: found {fields[key][:2]}")
        for parameter in parameters:
            if parameter["name"] in fields:
                self.check_field(f"{place}.{parameter['name']}", parameter,
                                 *fields[parameter["name"]])

    def check_field(self, place, parameter, optional, found, comment):
        if optional == self.required(parameter):
            self.wrong.append(f"{place}: {'optional' if optional else 'required'}, expected the "
                              "other")
        self.check_type(place, parameter, found)
        said = [parameter["doc"], parameter["unit"] and f"; in {parameter['unit']}"]
        if parameter["default"] not in (None, "{}"):
            said.append(f"; default {self.default(parameter)}")
        for bound in ("low", "high"):
            if parameter.get(bound) is not None:
                said.append(f"{parameter[bound]:.10g}")
        for text in said:
            if text and re.sub(r"[\0-\x1f]", " ", text) not in comment:
                self.wrong.append(f"{place}: its comment does not say {text!r}")

    def check_plugin(self, plugin):
        name = f"{plugin['kind']}.{plugin['name']}"
        returned = frozenset([f"heed.{plugin['kind']}.Plugin"])
        # A parameter of this name takes the place of the label.
        own = any(p["name"] == "label" for p in plugin["parameters"])
        self.check_class(name, f"heed.{name}", plugin["parameters"],
                         {} if own else {"label": (True, frozenset(["string"]))})
        self.annotations.met.add(f"heed.{plugin['kind']}.Plugin")
        self.annotations.met.add(f"heed.{plugin['kind']}.Name")
        if name not in self.annotations.functions:
            self.wrong.append(f"{name}: there is no constructor")
            return
        needed = any(map(self.required, plugin["parameters"]))
        self.equal(f"{name}()", self.annotations.functions[name],
                   (not needed, frozenset([f"heed.{name}"]), returned))

    def check_all(self):
        for plugin in self.plugins:
            self.check_plugin(plugin)
        names = {f"{p['kind']}.{p['name']}" for p in self.plugins}
        for name in sorted(set(self.annotations.functions) - names):
            if "." in name:
                self.wrong.append(f"{name}(): there is no such plugin")
        kinds = {p["kind"] for p in self.plugins}
        for name in sorted(set(self.annotations.classes) | set(self.annotations.aliases)):
            if name.split(".")[1:2] and name.split(".")[1] in kinds and name not in self.annotations.met:
                self.wrong.append(f"{name}: nothing uses it")
        return self.wrong


def heed(*arguments):
    return json.loads(subprocess.run([os.environ["HEED"], *arguments, "--json"], check=True,
                                     stdout=subprocess.PIPE).stdout)


def schemas(path):
    plugins = [heed("describe", f"{p['kind']}/{p['name']}") for p in heed("list")]
    wrong = Schemas(Annotations(path), plugins).check_all()
    return wrong, f"{len(plugins)} plugins"


# ---- values ----

class Values:
    """Whether values are of their types."""

    def __init__(self, annotations):
        self.annotations, self.wrong, self.count = annotations, [], 0

    def fits(self, found, value):
        return any(self.fits_one(each, value) for each in self.annotations.expand(found))

    def fits_one(self, each, value):
        if isinstance(each, tuple):
            if each[0] == "list":
                return value == {} or isinstance(value, list) and \
                    all(self.fits(each[1], item) for item in value)
            if each[0] == "map":
                return isinstance(value, dict) and \
                    all(self.fits(each[2], item) for item in value.values())
            return value == {"$function": True}
        if each == "heed.Axis":
            return isinstance(value, dict) and "$axis" in value
        if each.endswith(".Plugin"):
            return value == {"$plugin": each.split(".")[1]}
        if each in self.annotations.classes:
            return isinstance(value, dict) and not self.check_class("", each, value)
        if each.startswith('"'):
            return value == json.loads(each)
        return self.fits_plain(each, value)

    @staticmethod
    def fits_plain(each, value):
        if each == "boolean":
            return isinstance(value, bool)
        if each == "string":
            return isinstance(value, str)
        if each == "integer":
            return isinstance(value, int) and not isinstance(value, bool)
        if each == "number":
            return isinstance(value, int) and not isinstance(value, bool) or \
                isinstance(value, float) or isinstance(value, dict) and "$float" in value
        raise ValueError(f"this test does not know the type {each}")

    def check_class(self, place, name, value):
        fields, wrong = self.annotations.fields(name), []
        for key in value:
            if key not in fields:
                wrong.append(f"{place}.{key}: {name} has no such field")
        for key, (optional, found, _) in fields.items():
            if key not in value:
                if not optional:
                    wrong.append(f"{place}.{key}: is missing")
            else:
                self.count += 1
                wrong += self.check_value(f"{place}.{key}", found, value[key])
        return wrong

    def check_value(self, place, found, value):
        tables = [each for each in found if each in self.annotations.classes
                  and not each.endswith((".Axis", ".Plugin"))]
        if tables and isinstance(value, dict) and not any(key[0] == "$" for key in value):
            return self.check_class(place, tables[0], value)
        if not self.fits(found, value):
            return [f"{place}: {json.dumps(value)} is not {Schemas.show(found)}"]
        if isinstance(value, dict) and "$axis" in value:
            return [f"{place}: the axis has the value {json.dumps(item)}, which is not "
                    f"{Schemas.show(found)}" for item in value["$axis"]
                    if not self.fits(found, item)]
        return []


def calls(path, recorded):
    values, count = Values(Annotations(path)), 0
    for line in open(recorded, encoding="utf-8"):
        name, given = json.loads(line)
        count += 1
        if name != "sweep" and name not in values.annotations.functions:
            values.wrong.append(f"{name}: there is no such constructor")
        else:
            values.wrong += values.check_class(name, f"heed.{name}", given)
    return values.wrong, f"{count} calls, {values.count} values"


def host(path, plan_path):
    """Both ways: the keys of the two records of the host."""
    values = Values(Annotations(path))
    plan = json.load(open(plan_path, encoding="utf-8"))
    for stage, name in (("annotations", "users"), ("evaluation", "evaluation")):
        spec = next(n["spec"] for n in plan["nodes"] if n["stage"] == stage)
        fields = values.annotations.fields(f"heed.sweep.{name}")
        if set(spec) != set(fields):
            values.wrong.append(f"{name}: {sorted(set(spec) ^ set(fields))} on one side only")
        given = {k: v for k, v in spec.items()
                 if v is not None and not (isinstance(v, dict) and "plugin" in v)}
        values.wrong += values.check_class(name, f"heed.sweep.{name}", given)
    head = {"title", "seed", "replicates", "keep", "blas_threads", "threads", "exclude",
            "source", "users", "estimator", "filter", "trainer", "evaluation"}
    if set(values.annotations.fields("heed.sweep")) != head:
        values.wrong.append(f"sweep: {sorted(set(values.annotations.fields('heed.sweep')) ^ head)} on one "
                            "side only")
    return values.wrong, ""


def main():
    command, path, *rest = sys.argv[1:]
    if command == "literals":
        print("\n".join(sorted(json.loads(each) for each in Annotations(path).aliases[rest[0]]
                               if each.startswith('"'))))
        return 0
    if command == "fields":
        print("\n".join(sorted(Annotations(path).fields(rest[0]))))
        return 0
    if command == "words":
        print("\n".join(sorted(n for n in Annotations(path).functions if "." not in n)))
        return 0
    wrong, summary = {"schemas": schemas, "calls": calls, "host": host}[command](path, *rest)
    print("\n".join(wrong or [summary]))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
