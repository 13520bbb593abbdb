"""Methods, classes, enums, interfaces and what scripts do with them."""


def method(s):
    name = s.fresh("m")
    parameters, body, calls = s.pick(
        ("a", "a", ["1", "'x'", "null", ""]), ("a, b = 2", "[a, b]", ["1", "1, 5", "[1]"]), ("int a", "a + 1", ["3", "'x'", "2L", "1.5", "'5' as char"]), ("String a", "a.reverse()", ["'abc'", '"g${1}"', "5", "null"]),
        ("Object... xs", "xs.toList()", ["", "1", "1, 'a'", "[1, 2] as Object[]", "null"]), ("Map m, a", "[m, a]", ["x: 1, 2", "2, x: 1", "[y: 3], 4"]), ("List l", "l.size()", ["[1, 2]", "1..3", "'abc'"]), ("a, Closure c", "c(a)", ["3, { it * 2 }", "4) { it + 1 }  //"]),
        ("long a", "a.getClass().simpleName", ["1", "1L", "1.0"]), ("double a", "a / 2", ["1", "3L", "1.5", "2.5f"]), ("n", "n <= 1 ? 1 : n * {0}(n - 1)", ["5", "12", "1G"]), ("a, b", "if (a) { return b }\n  a", ["1, 2", "0, 3"]), ("int... ns", "ns.sum()", ["1, 2", "", "[4, 5] as int[]"]),
        ("a", "try { return a.size() } finally { println 'left' }", ["'ab'", "null", "[1]"]), ("a", "switch (a) { case 1: return 'one'; case String: return 'text' }\n  'rest'", ["1", "'q'", "2"]), ("String a, int... ns", "a + ns.toList()", ["'x'", "'x', 1, 2", "1"]))
    result = s.pick("def", "def", "def", "Object")
    s.chunks.append(f"{result} {name}({parameters}) {{\n  {body.replace('{0}', name)}\n}}")
    s.methods.append(("method", name, calls))


def overloads(s):
    name = s.fresh("o")
    types = s.random.sample(["int", "Integer", "long", "double", "BigDecimal", "String", "Object", "List", "Map", "Number", "CharSequence", "Collection", "Closure", "boolean", "char", "Object[]", "Date", "Comparable"], s.number(2, 4))
    s.chunks.append("\n".join(f"def {name}({each} a) {{ '{each}' }}" for each in types))
    s.methods.append(("method", name, ["1", "1L", "1.5", "1.5d", "'x'", '"${1}"', "[1, 'a', 2]", "[:]", "null", "true", "{ it }", "1G", "'c' as char", "[1] as int[]", "['a'] as String[]", "1f"]))


def two_overloads(s):
    name = s.fresh("p")
    pairs = s.random.sample([("int", "Object"), ("Object", "int"), ("String", "List"), ("Object", "Object"), ("Number", "Number"), ("long", "double"), ("Integer", "Number")], s.number(2, 3))
    s.chunks.append("\n".join(f"def {name}({a} a, {b} b) {{ '{a},{b}' }}" for a, b in pairs))
    s.methods.append(("method", name, ["1, 1", "'a', [1]", "1, 'a'", "1L, 1.5", "null, 1", "1", "1.5, 2"]))


def plain_class(s):
    name = s.fresh("K")
    extras = s.random.sample([
        "String toString() { \"{0}($x)\" }", "def twice() { x * 2 }", "static make(n) { new {0}(x: n) }", "def plus(o) { new {0}(x: x + o.x) }", "boolean equals(o) { o instanceof {0} && o.x == x }\n  int hashCode() { x }", "def getAt(i) { i + x }",
        "def call(a) { \"called $a\" }", "def methodMissing(String n, args) { \"missing $n ${args.toList()}\" }", "def propertyMissing(String n) { \"no $n\" }", "int compareTo(o) { x <=> o.x }", "def getDerived() { x + 1 }", "void setLoud(v) { x = v * 100 }", "static final MOST = 7",
        "private hidden = 3\n  def reveal() { hidden }", "def each2(Closure c) { c(x); c(y) }", "def isCase(v) { v == x }", "def asType(Class c) { c == String ? 'converted' : null }", "def leftShift(v) { y << v; this }", "def next() { new {0}(x: x + 1) }", "boolean asBoolean() { x > 1 }", "def negative() { new {0}(x: -x) }"],
        s.number(1, 5))
    field = s.pick("int x = 1", "def x = 2", "int x")
    s.chunks.append(f"class {name} {{\n  {field}\n  def y = []\n  " + "\n  ".join(each.replace("{0}", name) for each in extras) + "\n}")
    s.methods.append(("class", name, [f"new {name}().x", f"new {name}(x: 5).x", f"new {name}(x: 3, y: [1]).y", f"new {name}(x: 4).with {{ x + 1 }}", f"new {name}().twice()", f"{name}.make(6).x", f"(new {name}(x: 1) + new {name}(x: 2)).x", f"new {name}(x: 2) == new {name}(x: 2)", f"new {name}(x: 2)[3]",
                       f"new {name}()('z')", f"new {name}().zork(1, 'a')", f"new {name}().zork", f"new {name}().derived", f"new {name}().with {{ loud = 2; x }}", f"{name}.MOST", f"new {name}().reveal()", f"new {name}().hidden", f"new {name}(nope: 1).x", f"new {name}('bad')", f"(new {name}() << 5 << 6).y",
                       f"new {name}(x: 9).getX()", f"new {name}().with {{ setX(8); getX() }}", f"new {name}(x: 'text').x", f"({name}) null", f"new {name}() ? 'truth' : 'false'", f"new {name}().y.class.simpleName", f"new {name}(x: 3).properties.x", f"{name}.simpleName + {name}.name", f"(-new {name}(x: 3)).x",
                       f"new {name}(x: 5) as String == 'converted'", f"[new {name}(x: 3), new {name}(x: 1)]*.x", f"[new {name}(x: 3), new {name}(x: 1)].x", f"[new {name}(x: 3), new {name}(x: 1)].sort {{ it.x }}*.x", f"new {name}(x: 1).next().x", f"new {name}() instanceof {name}", f"switch (1) {{ case new {name}(x: 1): 'is'; break; default: 'not' }}"]))


def constructors(s):
    name = s.fresh("N")
    s.chunks.append(f"class {name} {{\n  def log = []\n  {name}() {{ log << 'none' }}\n  {name}(int a) {{ this(); log << a }}\n  {name}(String a, b = 'dflt') {{ log << a << b }}\n  {name}(List l) {{ log.addAll(l) }}\n}}")
    s.methods.append(("class", name, [f"new {name}().log", f"new {name}(3).log", f"new {name}('q').log", f"new {name}('q', 1).log", f"new {name}([1, 2]).log", f"new {name}(1.5).log", f"new {name}(log: ['map']).log", f"([1] as {name}).log", f"({name}.newInstance()).log"]))


def hierarchy(s):
    base, child = s.fresh("B"), s.fresh("S")
    abstract = s.chance(40)
    s.chunks.append(f"{'abstract ' if abstract else ''}class {base} {{\n  protected name = 'base'\n  def who() {{ \"$name:${{kind()}}\".toString() }}\n  {'abstract kind()' if abstract else 'def kind() { 1 }'}\n  static stat() {{ 'static' }}\n  def same(Object o) {{ 'object' }}\n}}\n"
                    f"class {child} extends {base} {{\n  def extra = [1]\n  {child}() {{ name = 'child' }}\n  def kind() {{ {s.pick('2', 'extra.size() + 5' if abstract else 'super.kind() + 5')} }}\n  def same(String t) {{ 'string' }}\n  def sup() {{ super.same(null) }}\n}}")
    s.methods.append(("class", child, [f"new {child}().who()", f"new {child}().kind()", f"{child}.stat()", f"new {child}().same('a')", f"new {child}().same(1)", f"new {child}().sup()", f"new {child}() instanceof {base}", f"{child}.superclass.simpleName", f"new {child}().nope()", f"(new {child}() as {base}).who()",
                                       f"new {child}().name"] + ([] if abstract else [f"new {base}().who()", f"({child}) new {base}()"])))


def interface(s):
    face, impl = s.fresh("I"), s.fresh("M")
    s.chunks.append(f"interface {face} {{\n  int LIMIT = 10\n  def go(a)\n  def stop()\n}}\nclass {impl} implements {face} {{\n  def go(a) {{ a * LIMIT }}\n  def stop() {{ 'stopped' }}\n}}")
    s.methods.append(("class", impl, [f"new {impl}().go(2)", f"{face}.LIMIT", f"new {impl}() instanceof {face}", f"([go: {{ it + 1 }}, stop: {{ 's' }}] as {face}).go(1)", f"([go: {{ it }}] as {face}).stop()", f"({{ Object[] a -> 'any' }} as {face}).stop()", f"new {face}() {{ def go(a) {{ 'anon' + a }}\n def stop() {{ LIMIT }} }}.stop()"]))


def enumeration(s):
    name = s.fresh("E")
    shape = s.number(0, 2)
    if shape == 0:
        s.chunks.append(f"enum {name} {{ RED, GREEN, BLUE }}")
    elif shape == 1:
        s.chunks.append(f"enum {name} {{\n  RED(1), GREEN(2), BLUE(3)\n  final int code\n  {name}(int c) {{ code = c }}\n  def twice() {{ code * 2 }}\n}}")
    else:
        s.chunks.append(f"enum {name} {{\n  RED {{ def say() {{ 'r' }} }}, GREEN {{ def say() {{ 'g' }} }}, BLUE {{ def say() {{ 'b' }} }}\n  abstract say()\n}}")
    s.methods.append(("class", name, [f"{name}.RED", f"{name}.values().toList()", f"{name}.valueOf('BLUE')", f"{name}.valueOf('NOPE')", f"{name}.GREEN.ordinal()", f"{name}.RED < {name}.BLUE", f"{name}.RED.next()", f"{name}.RED.previous()", f"({name}.RED..{name}.BLUE).toList()", f"'GREEN' as {name}", f"{name}.RED.name().toLowerCase()",
                                      f"[{name}.RED, {name}.RED].unique().size()", f"switch ({name}.RED) {{ case {name}.RED: 'red'; break; default: 'else' }}", f"[({name}.RED): 1]", f"{name}.values()*.name()", f"{name}.RED instanceof {name}", f"{name}.PINK", f"{name}.RED.toString() + 1", f"{name}.collect {{ it.name() }}"]
                      + ([f"{name}.RED.code", f"{name}.values()*.twice()", f"{name}.GREEN.getCode()"] if shape == 1 else []) + ([f"{name}.RED.say()", f"{name}.values()*.say()"] if shape == 2 else [])))


def nested(s):
    name = s.fresh("O")
    s.chunks.append(f"class {name} {{\n  def tag = 'outer'\n  static count = 0\n  static class Inside {{ def v = 7; def both() {{ v + count }} }}\n  class Inner {{ def see() {{ tag + '!' }} }}\n  def inner() {{ new Inner() }}\n  def lazy() {{ def n = 0; [inc: {{ n += 2 }}, get: {{ n }}] }}\n  static bump() {{ ++count }}\n}}")
    s.methods.append(("class", name, [f"new {name}.Inside().v", f"new {name}().inner().see()", f"new {name}().lazy().with {{ inc(); inc(); get() }}", f"[{name}.bump(), {name}.bump()]", f"new {name}.Inside().both()", f"{name}.Inside.name", f"{name}.count++ + {name}.count", f"new {name}().inner().nope"]))


def exception_class(s):
    name = s.fresh("X")
    s.chunks.append(f"class {name} extends {s.pick('Exception', 'RuntimeException', 'IllegalStateException')} {{\n  def code = 5\n  {name}(String m) {{ super(m) }}\n  {name}(String m, Throwable t) {{ super(m, t) }}\n}}")
    s.methods.append(("class", name, [f"new {name}('m').message", f"new {name}('m').code", f"new {name}('m', new Error('e')).cause.message", f"new {name}('m').toString()", f"{{ -> throw new {name}('thrown') }}()", f"{{ -> try {{ throw new {name}('t') }} catch (RuntimeException e) {{ 'caught' }} }}()", f"{{ -> try {{ throw new {name}('t') }} catch ({name} e) {{ e.code }} }}()", f"new {name}()", f"new {name}(1, 2)"]))


ALL = [method, method, overloads, two_overloads, plain_class, plain_class, constructors, hierarchy, interface, enumeration, nested, exception_class]


def use(s):
    if not s.methods:
        return
    kind, name, calls = s.random.choice(s.methods)
    out = s.fresh()
    call = s.random.choice(calls)
    s.chunks.append(f"def {out} = {name}({call})" if kind == "method" else f"def {out} = {call}")
    s.variables.append((out, "any"))
