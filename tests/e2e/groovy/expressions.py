"""Expressions by kind: what they are made of is listed, chance takes one."""

import re

KINDS = ["int", "long", "dec", "dbl", "big", "str", "gstr", "bool", "ints", "strs", "map", "set", "range", "any"]


def make(s, kind, depth):
    if depth <= 0 or s.chance(12):
        known = s.known(kind)
        if known and s.chance(60):
            return known
        return LEAVES[kind](s)
    rows = TABLE[kind]
    return s.random.choice(rows)(s, lambda wanted: make(s, wanted, depth - 1))


def fill(pattern, *kinds):
    """A row of the table from a pattern with {0}, {1}... for expressions of these kinds, <i> for a small number, <w>
    for a quoted text, <c> for a letter."""

    def row(s, sub):
        made = [sub(kind) for kind in kinds]
        text = re.sub(r"\{(\d)\}", lambda found: made[int(found[1])] if int(found[1]) < len(made) else found[0], pattern)
        while "<i>" in text:
            text = text.replace("<i>", str(s.number(0, 5)), 1)
        while "<j>" in text:
            text = text.replace("<j>", str(s.number(1, 4)), 1)
        while "<w>" in text:
            text = text.replace("<w>", s.literal_text(), 1)
        while "<c>" in text:
            text = text.replace("<c>", s.pick(*"abcdlox"), 1)
        return text

    return row


def rows(kinds_of):
    return [fill(pattern, *kinds) for pattern, kinds in kinds_of]


LEAVES = {
    "int": lambda s: str(s.number(-20, 100)) if s.chance(85) else s.pick("Integer.MAX_VALUE", "0x1F", "0b101", "017", "1_000"),
    "long": lambda s: s.pick("5L", "-3L", "123456789012L", "0L", "Long.MIN_VALUE"),
    "dec": lambda s: s.pick("1.5", "0.25", "-2.75", "10.0", "1e3", "3.10", "100.001", "0.0"),
    "dbl": lambda s: s.pick("1.5d", "2.0d", "-0.25d", "1e10d", "0.1d", "3f", "0.5f"),
    "big": lambda s: s.pick("7G", "12345678901234567890G", "-3G", "1.5G", "0G"),
    "str": lambda s: s.literal_text(),
    "gstr": lambda s: '"<${%d}>"' % s.number(0, 9),
    "bool": lambda s: s.pick("true", "false"),
    "ints": lambda s: "[" + ", ".join(str(s.number(-5, 9)) for _ in range(s.number(0, 5))) + "]",
    "strs": lambda s: "[" + ", ".join(s.literal_text() for _ in range(s.number(0, 4))) + "]",
    "map": lambda s: "[" + (", ".join(f"{key}: {s.number(-3, 9)}" for key in s.random.sample("kqxyz", s.number(0, 4))) or ":") + "]",
    "set": lambda s: "([" + ", ".join(str(s.number(0, 6)) for _ in range(s.number(0, 5))) + "] as Set)",
    "range": lambda s: f"({s.number(-2, 4)}{s.pick('..', '..<')}{s.number(-1, 6)})",
    "any": lambda s: LEAVES[s.pick("int", "dec", "str", "bool", "ints", "map")](s) if s.chance(90) else "null",
}

TABLE = {
    "int": rows([
        ("({0} + {1})", ["int", "int"]), ("({0} - {1})", ["int", "int"]), ("({0} * {1})", ["int", "int"]),
        ("({0} % <j>)", ["int"]), ("{0}.intdiv(<j>)", ["int"]), ("(-{0})", ["int"]), ("(~{0})", ["int"]),
        ("({0} & {1})", ["int", "int"]), ("({0} | {1})", ["int", "int"]), ("({0} ^ {1})", ["int", "int"]),
        ("({0} << <i>)", ["int"]), ("({0} >> <i>)", ["int"]), ("({0} >>> <i>)", ["int"]),
        ("({0} <=> {1})", ["int", "int"]), ("({0} <=> {1})", ["str", "str"]), ("({0} <=> {1})", ["dec", "int"]),
        ("{0}.size()", ["str"]), ("{0}.size()", ["ints"]), ("{0}.size()", ["map"]), ("{0}.size()", ["range"]),
        ("{0}.length()", ["str"]), ("{0}.indexOf(<w>)", ["str"]), ("{0}.count('<c>')", ["str"]),
        ("({0} ? {1} : {2})", ["bool", "int", "int"]), ("({0} ?: {1})", ["int", "int"]), ("{0}.abs()", ["int"]),
        ("(int) {0}", ["dec"]), ("({0} as int)", ["dec"]), ("{0}.toInteger()", ["dbl"]), ("{0}.intValue()", ["long"]),
        ("{0}.inject(0) { acc, x -> acc + x }", ["ints"]), ("({0}.sum() ?: 0)", ["ints"]), ("({0}.max() ?: -1)", ["ints"]),
        ("({0}.min { -it } ?: 7)", ["ints"]), ("{0}.count { it > <i> }", ["ints"]), ("{0}.findIndexOf { it == <i> }", ["ints"]),
        ("{0}.hashCode()", ["str"]), ("{0}.hashCode()", ["ints"]), ("{0}.hashCode()", ["map"]), ("{0}.hashCode()", ["dec"]),
        ("Math.max({0}, {1})", ["int", "int"]), ("Math.abs({0})", ["int"]), ("{0}.compareTo({1})", ["str", "str"]),
        ("({0}.getAt('x') ?: <i>)", ["map"]), ("{0}.get('zz', <i>)", ["map"]), ("({0}.x ?: 0)", ["map"]),
        ("{0}.with { it + <i> }", ["int"]), ("[{0}, {1}].max()", ["int", "int"]), ("({0}[0] ?: <i>)", ["ints"]),
        ("({0}[-1] ?: <i>)", ["ints"]), ("({0} as char as int)", ["int"]), ("'<c>'.charAt(0).compareTo('<c>' as char)", []),
        ("{0}.scale()", ["dec"]), ("Integer.parseInt('<i>')", []), ("{0}.lastIndexOf('<c>')", ["str"]), ("({0} ** 2)", ["int"]),
        ("{0}.bitCount({0})", ["int"]), ("({0}.next() + {1}.previous())", ["int", "int"]), ("{0}.mod(<j>)", ["int"]),
    ]),
    "long": rows([
        ("({0} + {1})", ["long", "int"]), ("({0} * {1})", ["int", "long"]), ("({0} - {1})", ["long", "long"]),
        ("({0} as long)", ["int"]), ("{0}.toLong()", ["int"]), ("({0} % <j>)", ["long"]), ("{0}.intdiv(<j>)", ["long"]),
        ("({0} & 0xFFL)", ["long"]), ("({0} << <i>)", ["long"]), ("({0} >> <i>)", ["long"]), ("{0}.longValue()", ["dec"]),
        ("Math.round({0})", ["dbl"]), ("({0} >>> <i>)", ["long"]), ("{0}.round()", ["dbl"]), ("(-{0})", ["long"]), ("(~{0})", ["long"]),
    ]),
    "dec": rows([
        ("({0} + {1})", ["dec", "dec"]), ("({0} - {1})", ["dec", "int"]), ("({0} * {1})", ["dec", "dec"]),
        ("({0} / <j>)", ["int"]), ("({0} / <j>)", ["dec"]), ("({0} / 3)", ["dec"]), ("({0} / 7)", ["long"]), ("(-{0})", ["dec"]), ("{0}.abs()", ["dec"]),
        ("({0} as BigDecimal)", ["int"]), ("{0}.toBigDecimal()", ["int"]), ("{0}.setScale(2, BigDecimal.ROUND_HALF_UP)", ["dec"]),
        ("({0} ** 2)", ["dec"]), ("[{0}, {1}].sum()", ["dec", "int"]), ("[{0}, {1}].max()", ["dec", "dec"]), ("{0}.negate()", ["dec"]),
        ("'<i>.5'.toBigDecimal()", []), ("{0}.stripTrailingZeros()", ["dec"]), ("({0} / 1.5)", ["dec"]), ("(<j> ** -<j>)", []),
        ("{0}.max({1})", ["dec", "dec"]), ("({0} ? {1} : {2})", ["bool", "dec", "dec"]),
    ]),
    "dbl": rows([
        ("({0} + {1})", ["dbl", "int"]), ("({0} * {1})", ["dbl", "dec"]), ("({0} / <j>)", ["dbl"]), ("({0} as double)", ["dec"]),
        ("{0}.toDouble()", ["int"]), ("Math.sqrt({0}.abs())", ["dbl"]), ("Math.floor({0})", ["dbl"]), ("{0}.round(1)", ["dbl"]),
        ("{0}.trunc(1)", ["dbl"]), ("(-{0})", ["dbl"]), ("Math.pow({0}, 2)", ["int"]), ("({0} / 0.0d)", ["dbl"]), ("({0} - {1})", ["dbl", "long"]),
        ("({0} % 2)", ["dbl"]), ("'<i>.25'.toDouble()", []), ("({0} ** 2)", ["dbl"]), ("{0}.abs()", ["dbl"]),
    ]),
    "big": rows([
        ("({0} + {1})", ["big", "int"]), ("({0} * {1})", ["big", "long"]), ("(2 ** <i>0)", []), ("(3G ** <i>)", []), ("({0} - {1})", ["big", "big"]),
        ("({0} / <j>)", ["big"]), ("({0} <=> {1})", ["big", "int"]), ("(-{0})", ["big"]), ("({0} as BigInteger)", ["int"]), ("{0}.toBigInteger()", ["int"]),
        ("{0}.pow(<i>)", ["big"]), ("(Long.MAX_VALUE + {0})", ["big"]), ("{0}.abs()", ["big"]), ("2L ** 6<i>", []), ("(7 ** <i>9)", []),
    ]),
    "str": rows([
        ("({0} + {1})", ["str", "str"]), ("({0} + {1})", ["str", "int"]), ("({0} + {1})", ["str", "any"]), ("({0} * <i>)", ["str"]),
        ("({0} - {1})", ["str", "str"]), ("{0}.toUpperCase()", ["str"]), ("{0}.capitalize()", ["str"]), ("{0}.reverse()", ["str"]),
        ("{0}.trim()", ["str"]), ("{0}.padLeft(8, '*')", ["str"]), ("{0}.padRight(7)", ["str"]), ("{0}.center(9, '.')", ["str"]),
        ("{0}.replace('<c>', {1})", ["str", "str"]), ("{0}.replaceAll(/[a-f]/, '#')", ["str"]), ("{0}.replaceAll(/(\\w)(\\d)/, '$2$1')", ["str"]),
        ("{0}.replaceAll(/[aeiou]/) { it.toUpperCase() }", ["str"]), ("{0}.replaceFirst(/\\w/, '_')", ["str"]), ("{0}.take(<i>)", ["str"]),
        ("{0}.drop(<i>)", ["str"]), ("{0}.toString()", ["any"]), ("{0}.toString()", ["gstr"]), ("{0}.inspect()", ["any"]), ("String.valueOf({0})", ["any"]),
        ("{0}.join('-')", ["ints"]), ("{0}.join(<w>)", ["strs"]), ("{0}.toString()", ["dec"]), ("{0}.toString()", ["big"]), ("{0}.toString()", ["dbl"]),
        ("String.format('%5d|%-4s|%05.1f', {0}, {1}, 1.5d)", ["int", "str"]), ("String.format('%x %o %b %s', {0}, {0}, {1}, {2})", ["int", "bool", "any"]),
        ("sprintf('%s/%d', {0}, {1})", ["any", "int"]), ("{0}.tr('a-e', 'A-E')", ["str"]), ("{0}.substring({0}.size() > 2 ? 1 : 0)", ["str"]),
        ("({0}.find(/[a-z]+/) ?: 'none')", ["str"]), ("{0}.toLowerCase().collect { it }.join('.')", ["str"]), ("({0} ?: {1})", ["str", "str"]),
        ("{0}.tokenize(', ;=').toString()", ["str"]), ("{0}.split(/[,;]/).toList().toString()", ["str"]), ("{0}.with { \"$it-${{it.size()}}\".toString() }".replace("{{", "{").replace("}}", "}"), ["str"]),
        ("({0} ? {1} : {2})", ["bool", "str", "str"]), ("{0}.getClass().name", ["any"]), ("{0}.getClass().simpleName", ["dec"]), ("(0..3).toString()", []),
        ("{0}.stripIndent()", ["str"]), ("{0}.next()", ["str"]), ("('<c>' as char).toString()", []), ("{0}.encodeAsBase64(1)", ["str"]), ("{0}.bytes.encodeBase64().toString()", ["str"]),
        ("{0}.collectReplacements { it == '<c>' ? '!' : null }", ["str"]), ("{0}.takeWhile { it != '<c>' }", ["str"]), ("{0}.unexpand()", ["str"]), ("new StringBuilder({0}).append({1}).insert(0, '>').reverse().toString()", ["str", "int"]),
        ("groovy.json.JsonOutput.toJson({0})", ["any"]), ("groovy.json.JsonOutput.toJson([a: {0}, b: {1}])", ["ints", "str"]), ("groovy.json.JsonOutput.prettyPrint(groovy.json.JsonOutput.toJson({0}))", ["map"]),
        ("{0}.max { it.size() } + ''", ["strs"]), ("({0}[0] ?: '-')", ["strs"]), ("({0}.first())", ["strs"]), ("('zz' + {0})[1]", ["str"]), ("('zz' + {0})[0..1]", ["str"]), ("('z' + {0})[-1]", ["str"]),
        ("new Date({0} * 1000L).format('yyyy-MM-dd HH:mm:ss')", ["int"]), ("Integer.toHexString({0})", ["int"]), ("Integer.toBinaryString({0})", ["int"]),
        ("URLEncoder.encode({0}, 'UTF-8')", ["str"]), ("{0}.denormalize().normalize()", ["str"]), ("{0}.minus(/<c>/)", ["str"]), ("{0}.expand(4)", ["str"]),
    ]),
    "gstr": rows([
        ('"a${{0}}b"', ["any"]), ('"${{0}}"', ["dec"]), ('"${{0}}-${{1}}"', ["int", "ints"]), ('"<i>${{0}}"', ["map"]), ('"${{0}}${{1}}"', ["str", "range"]),
        ('"x${-> {0}}y"', ["int"]), ('"${{0}.size()}"', ["str"]), ('("${{0}}" + {1})', ["int", "str"]), ('"""q${{0}}\n"""', ["bool"]), ('"${{0} ? {1} : {2}}"', ["bool", "int", "str"]),
    ]),
    "bool": rows([
        ("({0} == {1})", ["int", "long"]), ("({0} == {1})", ["int", "dec"]), ("({0} == {1})", ["str", "gstr"]), ("({0} == {1})", ["ints", "ints"]),
        ("({0} != {1})", ["any", "any"]), ("({0} < {1})", ["int", "dec"]), ("({0} >= {1})", ["str", "str"]), ("({0} && {1})", ["bool", "any"]),
        ("({0} || {1})", ["any", "bool"]), ("(!{0})", ["any"]), ("({0} in {1})", ["int", "ints"]), ("({0} in {1})", ["int", "range"]),
        ("({0} instanceof Number)", ["any"]), ("({0} instanceof List)", ["any"]), ("{0}.contains({1})", ["str", "str"]), ("{0}.startsWith('<c>')", ["str"]),
        ("{0}.any { it > <i> }", ["ints"]), ("{0}.every { it < <i> }", ["ints"]), ("{0}.isEmpty()", ["map"]), ("{0}.containsKey('x')", ["map"]),
        ("({0} ==~ /[a-z]+/)", ["str"]), ("({0} =~ /\\d/).find()", ["str"]), ("({0} as boolean)", ["any"]), ("{0}.asBoolean()", ["str"]), ("{0}.isNumber()", ["str"]),
        ("{0}.isInteger()", ["str"]), ("{0}.equals({1})", ["int", "long"]), ("{0}.equals({1})", ["dec", "dec"]), ("{0}.contains({1})", ["range", "int"]), ("({0} == {1})", ["map", "map"]),
        ("({0} == {1})", ["set", "set"]), ("({0} ^ {1})", ["bool", "bool"]), ("{0}.is({0})", ["bool"]), ("({0} <= {1})", ["dbl", "int"]), ("{0}.disjoint({1})", ["ints", "ints"]),
        ("({0} in [{1}, {2}])", ["str", "str", "str"]), ("({0} > {1})", ["big", "int"]), ("{0}.containsAll([<i>])", ["set"]), ("'true'.toBoolean()", []), ("({0} == {1})", ["range", "ints"]),
    ]),
    "ints": rows([
        ("({0} + {1})", ["ints", "ints"]), ("({0} + <i>)", ["ints"]), ("({0} - {1})", ["ints", "ints"]), ("({0} - <i>)", ["ints"]), ("({0} * 2)", ["ints"]),
        ("{0}.collect { it * 2 }", ["ints"]), ("{0}.findAll { it % 2 == 0 }", ["ints"]), ("{0}.sort()", ["ints"]), ("{0}.sort { -it }", ["ints"]),
        ("{0}.sort(false) { a, b -> b <=> a }", ["ints"]), ("{0}.reverse()", ["ints"]), ("{0}.unique()", ["ints"]), ("{0}.unique { it % 3 }", ["ints"]),
        ("{0}.take(<i>)", ["ints"]), ("{0}.drop(<i>)", ["ints"]), ("{0}.takeWhile { it < <i> }", ["ints"]), ("{0}.dropWhile { it < <i> }", ["ints"]), ("{0}.takeRight(<i>)", ["ints"]), ("{0}.dropRight(<i>)", ["ints"]),
        ("{0}.toList()", ["range"]), ("{0}.collect { it + 1 }", ["range"]), ("{0}.step(<j>)", ["range"]), ("{0}.values().toList()", ["map"]), ("{0}.collect { k, v -> v }", ["map"]),
        ("{0}.collectMany { [it, -it] }", ["ints"]), ("[{0}, {1}].flatten()", ["ints", "int"]), ("{0}.intersect({1})", ["ints", "ints"]), ("{0}.toSorted()", ["ints"]),
        ("{0}.indices.toList()", ["ints"]), ("{0}.findIndexValues { it > <i> }", ["ints"]), ("{0}*.size()", ["strs"]), ("{0}*.plus(1)", ["ints"]), ("[*{0}, {1}]", ["ints", "int"]),
        ("{0}.findResults { it > <i> ? it * 10 : null }", ["ints"]), ("{0}.inject([]) { acc, x -> acc << x + 1 }", ["ints"]), ("{0}.toList().sort()", ["set"]), ("{0}[0..-1]", ["ints"]), ("{0}[0, 1]", ["ints"]),
        ("({0} as int[]).toList()", ["ints"]), ("{0}.tail()", ["ints"]), ("{0}.init()", ["ints"]), ("({0} << <i>)", ["ints"]), ("{0}.plus([<i>])", ["ints"]), ("{0}.grep(0..<i>)", ["ints"]),
        ("{0}.asImmutable()", ["ints"]), ("{0}.toUnique()", ["ints"]), ("{0}.subList(0, {0}.size())", ["ints"]), ("{0}.withIndex().collect { v, i -> v * i }", ["ints"]), ("({0}.removeAll { it > 2 } ? [1] : [0])", ["ints"]),
    ]),
    "strs": rows([
        ("{0}.collect { it.toString() }", ["ints"]), ("{0}.split(',').toList()", ["str"]), ("{0}.tokenize()", ["str"]), ("{0}.toList()", ["str"]), ("{0}*.toUpperCase()", ["strs"]),
        ("{0}.sort()", ["strs"]), ("{0}.sort { it.size() }", ["strs"]), ("{0}.findAll { it }", ["strs"]), ("{0}.collect { k, v -> \"$k$v\".toString() }", ["map"]), ("{0}.keySet().toList()", ["map"]),
        ("{0}.findAll(/[a-z]+/)", ["str"]), ("{0}.grep(~/.*<c>.*/)", ["strs"]), ("{0}.readLines()", ["str"]), ("({0} + {1})", ["strs", "str"]), ("{0}.unique { it.size() }", ["strs"]),
        ("{0}.collate(2).collect { it.join('') }", ["strs"]), ("({0} =~ /(\\w)(\\w)/).collect { all, x, y -> y + x }", ["str"]), ("{0}.sort { x, y -> y.size() <=> x.size() ?: x <=> y }", ["strs"]), ("('a'..'e').toList()", []), ("{0}.reverse()", ["strs"]),
    ]),
    "map": rows([
        ("({0} + {1})", ["map", "map"]), ("{0}.collectEntries { k, v -> [(k + '1'): v] }", ["map"]), ("{0}.findAll { it.value > <i> }", ["map"]), ("{0}.findAll { k, v -> k != 'x' }", ["map"]),
        ("{0}.sort()", ["map"]), ("{0}.sort { -it.value }", ["map"]), ("{0}.sort { a, b -> b.key <=> a.key }", ["map"]), ("{0}.subMap(['x', 'k'])", ["map"]), ("({0} - {1})", ["map", "map"]),
        ("{0}.groupBy { it % 3 }", ["ints"]), ("{0}.countBy { it > 2 }", ["ints"]), ("{0}.collectEntries { [it, it * it] }", ["ints"]), ("{0}.groupBy { it.size() }", ["strs"]), ("({0} << [w: {1}])", ["map", "int"]),
        ("{0}.take(<i>)", ["map"]), ("{0}.drop(<i>)", ["map"]), ("new TreeMap({0})", ["map"]), ("new HashMap({0})", ["map"]), ("[(<w>): {0}]", ["int"]), ("{0}.indexed()", ["ints"]), ("[*: {0}, n: {1}]", ["map", "int"]),
        ("{0}.collectEntries { k, v -> [v, k] }", ["map"]), ("{0}.asImmutable()", ["map"]), ("{0}.groupBy { k, v -> v > 1 }", ["map"]), ("[[{0}, 1], [2, {1}]].collectEntries()", ["str", "int"]), ("new groovy.json.JsonSlurper().parseText('{\"a\": [<i>, 2.5, null], \"b\": {\"c\": true}}').b", []),
        ("{0}.countBy { it.size() }", ["strs"]), ("{0}.inject([:]) { m, x -> m[x] = (m[x] ?: 0) + 1; m }", ["ints"]), ("{0}.withDefault { 5 }", ["map"]),
    ]),
    "set": rows([
        ("({0} as Set)", ["ints"]), ("({0} + {1})", ["set", "ints"]), ("({0} - {1})", ["set", "ints"]), ("new TreeSet({0})", ["ints"]), ("{0}.toSet()", ["ints"]), ("{0}.collect { it * 3 }.toSet()", ["set"]), ("{0}.findAll { it > 1 }", ["set"]),
        ("new HashSet({0})", ["ints"]), ("{0}.intersect({1})", ["set", "set"]), ("([<i>, <i>] as TreeSet)", []), ("({0}.keySet().collect { it.size() } as Set)", ["map"]), ("({0} << <i>)", ["set"]), ("(1..<j>).toList().permutations()", []), ("(1..<j>).toList().subsequences()", []),
    ]),
    "range": rows([
        ("({0}..{1})", ["int3", "int3"]), ("(<i>..<<i>)", []), ("('a'..'d')", []), ("(<i>..<j>).reverse()", []), ("(<i>..<j>)", []), ("(1.0..3.5)", []),
    ]),
    "any": rows([
        ("{0}", ["int"]), ("{0}", ["dec"]), ("{0}", ["str"]), ("{0}", ["ints"]), ("{0}", ["map"]), ("{0}", ["bool"]), ("{0}", ["gstr"]), ("{0}", ["big"]), ("{0}", ["long"]), ("{0}", ["dbl"]), ("{0}", ["range"]), ("{0}", ["strs"]),
        ("{0}.collate(<j>)", ["ints"]), ("[{0}, {1}].transpose()", ["ints", "ints"]), ("[{0}, {1}].combinations()", ["range", "strs"]), ("{0}.split { it > <i> }", ["ints"]), ("{0}.find { it > <i> }", ["ints"]), ("{0}?.toString()", ["any"]),
        ("({0} ?: {1})", ["any", "any"]), ("{0}.withIndex()", ["strs"]), ("{0}.max { it.value }?.key", ["map"]), ("{0}.find { k, v -> v > 1 }?.value", ["map"]), ("[a: [b: {0}]].a?.b", ["any"]), ("[{0}, [{1}]].flatten()", ["ints", "strs"]),
        ("({0} =~ /([a-z])([a-z]+)/).with { it.find() ? it.group(2) : 'no' }", ["str"]), ("{0}.collectNested { it * 2 }", ["ints"]), ("{0}.groupBy({ it % 2 }, { it > 3 })", ["ints"]), ("{0}.sum { it * 1.5 }", ["ints"]), ("{0}.sum()", ["strs"]), ("{0}.inject { a, b -> a * b }", ["ints"]),
        ("{0}.entrySet().toList()", ["map"]), ("{0}.iterator().next()", ["ints"]), ("{0}.head()", ["ints"]), ("{0}.average", ["ints"]), ("{0}.foo", ["any"]), ("{0}.frobnicate(<i>)", ["any"]), ("({0} as Integer)", ["str"]), ("{0}.toInteger()", ["str"]), ("{0}.get(<i>)", ["ints"]), ("{0}.pop()", ["ints"]),
        ("{0} / {1}", ["int", "int"]), ("({0} % {1})", ["int", "int"]), ("{0}.substring(<i>)", ["str"]), ("({0} as List)", ["ints"]), ("({0} as String)", ["any"]), ("({0} + {1})", ["any", "any"]), ("({0} - {1})", ["any", "any"]), ("({0} * {1})", ["int", "any"]), ("({0} > {1})", ["any", "any"]),
        ("{0}.each { it }", ["ints"]), ("{0}.collect()", ["map"]), ("{0}.every()", ["ints"]), ("{0}.getClass()", ["any"]), ("{0}.class", ["dec"]), ("{0}[<i>]", ["strs"]), ("{0}.transpose()", ["ints"]), ("{0}.toMapString()", ["map"]),
    ]),
}

LEAVES["int3"] = lambda s: str(s.number(-3, 5))
TABLE["int3"] = [lambda s, sub: str(s.number(-3, 5))]
