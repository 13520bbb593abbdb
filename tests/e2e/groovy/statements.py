"""Statements: each function adds a chunk to the script, and the variables that it declares."""

from .expressions import KINDS


def declare(s):
    s.variable(s.random.choice(KINDS), s.number(1, 3))


def declare_typed(s):
    type_name, kind = s.pick(("int", "int"), ("long", "int"), ("String", "str"), ("BigDecimal", "dec"), ("double", "dbl"), ("List", "ints"), ("Map", "map"),
                             ("boolean", "any"), ("String", "any"), ("Object", "any"), ("Integer", "int"), ("short", "int"), ("byte", "int"), ("BigInteger", "int"), ("Set", "ints"), ("char", "int3"), ("Number", "dec"), ("LinkedList", "ints"), ("Long", "int"))
    name = s.fresh()
    s.chunks.append(f"{type_name} {name} = {s.expression(kind)}")
    s.variables.append((name, "any"))


def print_it(s):
    s.chunks.append(s.pick("println '' + {}", "print({})", "println({})", "printf('%s\\n', \"${{{}}}\")").format(s.expression(s.random.choice([kind for kind in KINDS if kind != "set"]))))


def for_in(s):
    total, turn = s.fresh(), s.fresh("i")
    source = s.expression(s.pick("ints", "range"), 1)
    body = s.pick(f"{total} += {turn}", f"if ({turn} > 2) continue; {total} -= {turn}", f"if ({turn} == 3) break; {total} = {total} * 2 + {turn}", f"{total} += {turn} as BigDecimal")
    s.chunks.append(f"def {total} = {s.number(0, 3)}\nfor ({turn} in {source}) {{ {body} }}")
    s.variables.append((total, "int"))


def for_c(s):
    out, turn = s.fresh(), s.fresh("i")
    body = s.pick(f"{out} << {turn} * {turn}", f"if ({turn} % 2) continue; {out} << {turn}", f"{out} << \"n${{{turn}}}\".toString()", f"{out}[{turn}] = {turn}")
    s.chunks.append(f"def {out} = []\nfor (int {turn} = 0; {turn} < {s.number(0, 6)}; {turn}++) {{ {body} }}")
    s.variables.append((out, "any"))


def while_loop(s):
    n = s.fresh()
    s.chunks.append(f"def {n} = {s.number(0, 30)}\nwhile ({n} > 3) {{ {s.pick(f'{n} -= 4', f'{n} = {n}.intdiv(2)', f'if ({n} == 8) break; {n}--')} }}")
    s.variables.append((n, "int"))


def if_else(s):
    name = s.fresh()
    s.chunks.append(f"def {name}\nif ({s.expression('any')}) {{ {name} = {s.expression('any', 1)} }} else if ({s.expression('bool', 1)}) {{ {name} = 'second' }} else {{ {name} = {s.expression('int', 1)} }}")
    s.variables.append((name, "any"))


CASES = ["case 1: {0} << 'one'", "case 2..5: {0} << 'few'", "case [6, 7, 'x']: {0} << 'list'", "case String: {0} << 'text'", "case ~/[a-z]+/: {0} << 'pattern'", "case {{ it == null }}: {0} << 'none'",
         "case Number: {0} << 'number'", "case null: {0} << 'null'", "case List: {0} << 'a list'", "default: {0} << 'other'", "case 'alpha': {0} << 'greek'", "case 3.0: {0} << 'three'", "case true: {0} << 'yes'"]


def switch(s):
    out = s.fresh()
    cases = s.random.sample(CASES, s.number(2, 5))
    lines = [case.format(out) + s.pick("; break", "; break", "") for case in cases]
    # A default in the middle is compiled in a way of its own; it has tests beside this one.
    lines.sort(key=lambda line: line.startswith("default"))
    s.chunks.append(f"def {out} = []\nswitch ({s.expression('any', 1)}) {{\n  " + "\n  ".join(lines) + "\n}")
    s.variables.append((out, "any"))


RISKY = ["null.foo()", "[1, 2].get(9)", "1 / 0", "'x'.toInteger()", "(Integer) 'abc'", "undefinedName", "undefinedCall(1, 'a')", "'abc'.nope", "[a: 1].b.c", "throw new IllegalStateException('boo')",
         "throw new RuntimeException('why', new Exception('cause'))", "assert 1 + 1 == 3", "assert [1, 2].size() == 3 : 'sizes'", "int q = null", "[].first()", "[1].asImmutable() << 2", "null.size", "'abc'.substring(9)",
         "Integer.parseInt('1x')", "new ArrayList(-1)", "[3, 'a', null].sum()", "Math.sqrt('x')", "String z = null; z.trim()", "[1, 2] as Integer", "1.0.foo(2)", "throw new Exception()", "(List) 5",
         "def (x, y) = 5", "[:].foo.bar()", "'a'.compareTo(5)", "[1, 2].max { it.zork }", "new Date().nothing()", "[b: 1].c()", "'x' - 5 + null.y", "[1, 2, 3].each { throw new IllegalArgumentException(\"no $it\") }"]


def try_catch(s):
    out = s.fresh()
    risky = s.random.choice(RISKY)
    kind = s.pick("Exception", "RuntimeException", "Throwable", "NullPointerException | ArithmeticException", "MissingPropertyException", "MissingMethodException", "IllegalArgumentException", "Error")
    shown = s.pick("e.getClass().name", "e.getClass().simpleName", "e.cause?.message")
    finish = f" finally {{ {out} << 'done' }}" if s.chance(50) else ""
    s.chunks.append(f"def {out} = []\ntry {{\n  {out} << 'begin'\n  {risky}\n  {out} << 'end'\n}} catch ({kind} e) {{ {out} << {shown} }}{finish}")
    s.variables.append((out, "any"))


def risky_alone(s):
    if s.chance(30):
        s.chunks.append(s.random.choice(RISKY))


def closure(s):
    name, out = s.fresh("c"), s.fresh()
    make, call = s.pick(
        ("{ it }", "{0}(3)"), ("{ it * 2 }", "{0}.call(4)"), ("{ a, b -> a + b }", "{0}(1, 2)"), ("{ a, b = 5 -> a * b }", "[{0}(2), {0}(2, 3)]"), ("{ -> 'none' }", "{0}()"),
        ("{ Object... xs -> xs.toList() }", "[{0}(), {0}(1), {0}(1, 2)]"), ("{ int n -> n + 1 }", "{0}(5)"), ("{ String t -> t.size() }", "{0}('abc')"), ("{ a, b, c -> [a, b, c] }", "[{0}.curry(1)(2, 3), {0}.rcurry(9)(1, 2), {0}.ncurry(1, 7)(1, 3)]"),
        ("{ it + 1 }", "({0} >> { it * 10 })(2)"), ("{ it + 1 }", "({0} << { it * 10 })(2)"), ("{ x -> x * x }", "(1..4).collect({0})"), ("{ x, y -> y <=> x }", "[3, 1, 2].sort({0})"), ("{ k, v -> \"$k=$v\" }", "[a: 1, b: 2].collect({0})"),
        ("{ it }.memoize()", "[{0}(1), {0}(1)]"), ("{ a, b -> a }", "{0}.maximumNumberOfParameters"), ("{ a, b -> \"$a$b\".toString() }", "{0}(['p', 'q'])"), ("{ int a, b -> a }", "{0}.parameterTypes*.simpleName"),
        ("{ n -> n <= 1 ? 1 : n * owner.call(n - 1) }", "1"), ("{ delegate.size() }", "{0}.with { delegate = [1, 2]; it() }"), ("{ a -> a?.toString() }", "[{0}(null), {0}()]"), ("{ a, b -> a - b }", "{0}(1)"), ("{ String a -> a }", "{0}(5)"), ("{ size() }", "[1, 2, 3].with({0})"))
    s.chunks.append(f"def {name} = {make}\ndef {out} = {call.replace('{0}', name)}")
    s.variables.append((out, "any"))


def delegate(s):
    out = s.fresh()
    strategy = s.pick("OWNER_FIRST", "DELEGATE_FIRST", "OWNER_ONLY", "DELEGATE_ONLY")
    s.chunks.append(f"class D{out} {{ def foo = 'd'; def bar() {{ 'bar' }} }}\nfoo = 'script'\ndef {out} = {{ -> [foo, {s.pick('bar()', 'foo', 'toString().size() > 0')}] }}\n{out}.delegate = new D{out}()\n{out}.resolveStrategy = Closure.{strategy}\n{out} = {out}()")
    s.variables.append((out, "any"))


def capture(s):
    out = s.fresh()
    s.chunks.append(s.pick(
        f"def {out} = 0\n(1..4).each {{ {out} += it }}", f"def {out} = []\nfor (i in 1..3) {{ {out} << {{ -> i }} }}\n{out} = {out}*.call()", f"def {out} = (1..3).collect {{ n -> {{ -> n * 2 }} }}*.call()",
        f"def {out} = ''\n3.times {{ {out} += it }}", f"def {out} = []\n1.upto(3) {{ {out} << it }}\n5.downto(3) {{ {out} << it }}\n0.step(6, 2) {{ {out} << it }}", f"def {out} = [:]\n['a', 'bb'].eachWithIndex {{ t, i -> {out}[t] = i }}",
        f"def {out} = []\n[x: 1, y: 2].each {{ k, v -> {out} << k + v }}\n[z: 3].each {{ {out} << it.key }}", f"def {out} = []\n'abc'.eachWithIndex {{ t, i -> {out} << t * i }}"))
    s.variables.append((out, "any"))


def multiple(s):
    a, b = s.fresh(), s.fresh()
    s.chunks.append(f"def ({a}, {b}) = {s.pick('[1, 2]', '[1]', '[1, 2, 3]', s.expression('ints', 1), s.expression('strs', 1))}\n({a}, {b}) = [{b}, {a}]")
    s.variables += [(a, "any"), (b, "any")]


def operators(s):
    name = s.fresh()
    start, op, value = s.pick(("1", "+=", "2"), ("1", "+=", "0.5"), ("'a'", "+=", "1"), ("[1]", "+=", "2"), ("[a: 1]", "+=", "[b: 2]"), ("7", "-=", "10"), ("5", "*=", "1.5"), ("7", "/=", "2"), ("7", "%=", "4"), ("2", "**=", "5"),
                              ("1", "<<=", "4"), ("-16", ">>=", "2"), ("-16", ">>>=", "28"), ("6", "&=", "3"), ("6", "|=", "9"), ("6", "^=", "3"), ("true", "&=", "false"), ("[1]", "<<=", "[2]"), ("'ab'", "*=", "2"), ("'abcb'", "-=", "'b'"), ("[1, 2]", "-=", "1"))
    declared = s.pick("def", "def", "int" if start.lstrip("-").isdigit() else "def", "long" if start.lstrip("-").isdigit() else "def")
    s.chunks.append(f"{declared} {name} = {start}\n{name} {op} {value}{s.pick('', f'; {name}++', f'; ++{name}') if start.isdigit() else ''}")
    s.variables.append((name, "any"))


def labels(s):
    out = s.fresh()
    s.chunks.append(f"def {out} = []\nouter:\nfor (i in 0..3) {{\n  for (j in 0..3) {{\n    if (j == {s.number(0, 4)}) {s.pick('continue outer', 'break outer', 'break', 'continue')}\n    {out} << i * 10 + j\n  }}\n}}")
    s.variables.append((out, "any"))


def list_changes(s):
    name = s.fresh()
    change = s.pick("{0}[5] = 'x'", "{0}[-1] = 0", "{0} << 4 << 5", "{0}.add(0, 'first')", "{0}.remove(0)", "{0}.remove((Object) 2)", "{0}.removeAll([1])", "{0}.retainAll {{ it > 1 }}", "{0}.addAll([7, 8])", "{0}[0..1] = [9, 9, 9]", "{0}.clear()", "{0}.push(3)", "{0}.pop()",
                    "{0}.swap(0, 1)", "{0}.sort {{ -it }}", "{0}.reverse(true)", "{0}.set(1, 'set')", "{0}[1]++", "{0}*.toString()", "{0}.removeElement(1)", "{0}.removeAt(1)", "{0} = {0}.withDefault {{ it * 2 }}; {0}[6]")
    s.chunks.append(f"def {name} = [1, 2, 3]\n" + change.format(name))
    s.variables.append((name, "any"))


def map_changes(s):
    name = s.fresh()
    change = s.pick("{0}.c = 3", "{0}['d'] = 4", "{0}.put('e', 5)", "{0} << [f: 6]", "{0}.remove('a')", "{0}.putAll([a: 9])", "{0}.a++", "{0}.each {{ it.value += 1 }}", "{0}.clear()", "{0}.get('q', [])", "{0}.putIfAbsent('a', 0)", "{0}.a += 5", "{0}.\"${{'k' + 1}}\" = 1", "{0}[1] = 'one'; {0}[1L] = 'long'",
                    "{0}.entrySet().each {{ e -> e.value = e.key }}", "{0}.keySet().remove('a')", "{0}.values().remove(1)", "{0}.withDefault {{ k -> k * 2 }}.zz")
    s.chunks.append(f"def {name} = [a: 1, b: 2]\n" + change.format(name))
    s.variables.append((name, "any"))


def regex(s):
    out = s.fresh()
    s.chunks.append(s.pick(
        f"def {out} = ({s.expression('str', 1)} =~ /(\\w+?)(\\d*)/).with {{ m -> m.find() ? [m.group(), m.groupCount(), m.start(), m.end()] : 'no' }}", f"def {out} = ('a1b22' =~ /([a-z])(\\d+)/)[{s.number(0, 2)}]", f"def {out} = ('a1b22' =~ /[a-z]/).collect {{ it }}",
        f"def {out} = ('2024-05-06' =~ /(\\d+)-(\\d+)/)[0][{s.number(0, 3)}]", f"def {out} = 'k=v, q=w'.findAll(/(\\w)=(\\w)/) {{ all, k, v -> v + k }}", f"def {out} = 'foo.bar' ==~ /\\w+\\.\\w+/ ? 'yes' : 'no'", f"def m{out} = 'x' =~ /y/\ndef {out} = m{out} ? 1 : m{out}.count",
        f"def {out} = 'aXbXc'.split('X', {s.number(-1, 3)}).toList()", f"def {out} = 'one two'.replaceAll(/(\\w+) (\\w+)/) {{ all, x, y -> \"$y $x\" }}", f"def {out} = 'abcabc'.replaceFirst('b', /[$0]/.replace('$0', '<>'))", f"def {out} = ~/a.c/\n{out} = [{out}.matcher('abc').matches(), 'abc' ==~ {out}, 'a' in ['a']]"))
    s.variables.append((out, "any"))


def use_declared(s):
    from . import declarations
    declarations.use(s)


ALL = [declare] * 6 + [declare_typed] * 2 + [print_it] * 2 + [for_in, for_c, while_loop, if_else, switch, switch, try_catch, try_catch, risky_alone, closure, closure, delegate, capture, multiple, operators, operators, labels,
       list_changes, map_changes, regex] + [use_declared] * 4
