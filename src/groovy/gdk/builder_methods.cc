#include <algorithm>

#include "groovy/gdk/library.h"
#include "groovy/gdk/support.h"
#include "groovy/runtime/text.h"

/// StringBuilder, StringBuffer, StringWriter.

namespace ks::groovy {

namespace {

constexpr std::string_view kAppendable = "java.lang.Appendable";

Builder& self(Call& c) { return *c.self.as<Builder>(); }

void grew(Call& c) {
  c.heap().check_string(self(c).text.size());
  c.heap().grew(&self(c));
}
Value append(Call& c) {
  self(c).text += java_text(c.task, c.arg(0));
  grew(c);
  return c.self;
}
Value append_part(Call& c) {
  Value whole = text(c, c.text(0));
  int64_t from = c.to_int(1);
  int64_t to = c.to_int(2);
  if (from < 0 || to < from || to > static_cast<int64_t>(whole.as<String>()->length())) {
    throw_index(c.task, to, whole.as<String>()->length());
  }
  self(c).text += substring(c.task, whole, static_cast<size_t>(from), static_cast<size_t>(to))
                      .as<String>()
                      ->text();
  grew(c);
  return c.self;
}
Value print(Call& c) {
  append(c);
  return {};
}
Value print_line(Call& c) {
  if (c.count() == 1) self(c).text += java_text(c.task, c.arg(0));
  self(c).text += '\n';
  grew(c);
  return {};
}
size_t length(Call& c) { return utf16_length(self(c).text); }
Value of_length(Call& c) { return of_size(length(c)); }
size_t place(Call& c, int64_t index) {
  if (index < 0 || index > static_cast<int64_t>(length(c))) {
    throw_error(c.task, "java.lang.StringIndexOutOfBoundsException",
                "offset " + std::to_string(index) + ", length " + std::to_string(length(c)));
  }
  return byte_offset(self(c).text, static_cast<size_t>(index));
}
Value insert(Call& c) {
  self(c).text.insert(place(c, c.to_int(0)), c.text(1));
  grew(c);
  return c.self;
}
Value remove(Call& c) {
  size_t from = place(c, c.to_int(0));
  size_t to = place(c, std::min<int64_t>(c.to_int(1), static_cast<int64_t>(length(c))));
  if (to > from) self(c).text.erase(from, to - from);
  return c.self;
}
Value remove_char(Call& c) {
  size_t from = place(c, c.to_int(0));
  size_t to = place(c, static_cast<int64_t>(c.to_int(0)) + 1);
  self(c).text.erase(from, to - from);
  return c.self;
}
Value replace(Call& c) {
  size_t from = place(c, c.to_int(0));
  size_t to = place(c, std::min<int64_t>(c.to_int(1), static_cast<int64_t>(length(c))));
  self(c).text.replace(from, to > from ? to - from : 0, c.text(2));
  grew(c);
  return c.self;
}
Value set_length(Call& c) {
  auto wanted = static_cast<size_t>(std::max(0, c.to_int(0)));
  if (wanted <= length(c)) {
    self(c).text.resize(byte_offset(self(c).text, wanted));
  } else {
    c.heap().check_string(wanted);
    self(c).text.append(wanted - length(c), '\0');
    grew(c);
  }
  return {};
}
Value set_char(Call& c) {
  size_t from = place(c, c.to_int(0));
  size_t to = place(c, static_cast<int64_t>(c.to_int(0)) + 1);
  self(c).text.replace(from, to - from, c.text(1));
  grew(c);
  return {};
}
Value reverse(Call& c) {
  std::u16string all = to_utf16(self(c).text);
  std::reverse(all.begin(), all.end());
  self(c).text = to_utf8(all);
  return c.self;
}
Value to_text(Call& c) { return text(c, self(c).text); }
Value plus(Call& c) { return text(c, self(c).text + c.text(0)); }
Value put_at_of(Call& c) {
  // `builder[1..2] = text`
  Value whole = text(c, self(c).text);
  if (!c.arg(0).is<Range>()) {
    Value args[] = {c.arg(0), c.arg(1)};
    throw_missing_method(c.task, c.self, "putAt", args);
  }
  auto* range = c.arg(0).as<Range>();
  size_t from = place(c, long_value(range->from()));
  size_t to =
      place(c, std::min<int64_t>(long_value(range->to()) + 1, static_cast<int64_t>(length(c))));
  if (range->size() == 0) to = from;
  self(c).text.replace(from, to > from ? to - from : 0, c.text(1));
  grew(c);
  return {};
}
/// What a String answers, asked of the text.
template <int name>
Value as_string(Call& c) {
  static constexpr std::string_view kNames[] = {
      "charAt",     "indexOf", "lastIndexOf", "substring", "isEmpty",   "subSequence",
      "contains",   "matches", "split",       "tokenize",  "readLines", "eachLine",
      "replaceAll", "trim",    "startsWith",  "endsWith",  "toInteger", "getAt"};
  static const Name kName(kNames[name]);
  return call_method(c.task, text(c, self(c).text), kName, c.args);
}
Value nothing(Call&) { return {}; }
Value same(Call& c) { return c.self; }

Value make(Call& c, Builder::Flavour flavour) {
  std::string initial = c.count() == 1 && !is_number(c.arg(0)) ? c.text(0) : "";
  return c.heap().make<Builder>(flavour, std::move(initial));
}
Value new_builder(Call& c) { return make(c, Builder::Flavour::builder); }
Value new_buffer(Call& c) { return make(c, Builder::Flavour::buffer); }
Value new_writer(Call& c) { return make(c, Builder::Flavour::writer); }

constexpr MethodRow kRows[] = {
    {kAppendable, "append", "O", append},
    {kAppendable, "append", "OII", append_part},
    {kAppendable, "leftShift", "O", append},
    {kAppendable, "write", "O", print},
    {kAppendable, "print", "O", print},
    {kAppendable, "println", "", print_line},
    {kAppendable, "println", "O", print_line},
    {kAppendable, "flush", "", nothing},
    {kAppendable, "close", "", nothing},
    {kAppendable, "getBuffer", "", same},
    {kAppendable, "length", "", of_length},
    {kAppendable, "size", "", of_length},
    {kAppendable, "insert", "IO", insert},
    {kAppendable, "delete", "II", remove},
    {kAppendable, "deleteCharAt", "I", remove_char},
    {kAppendable, "replace", "IIS", replace},
    {kAppendable, "setLength", "I", set_length},
    {kAppendable, "setCharAt", "IO", set_char},
    {kAppendable, "reverse", "", reverse},
    {kAppendable, "toString", "", to_text},
    {kAppendable, "plus", "O", plus},
    {kAppendable, "putAt", "OO", put_at_of},
    {kAppendable, "charAt", "I", as_string<0>},
    {kAppendable, "indexOf", "O*", as_string<1>},
    {kAppendable, "lastIndexOf", "O*", as_string<2>},
    {kAppendable, "substring", "O*", as_string<3>},
    {kAppendable, "isEmpty", "", as_string<4>},
    {kAppendable, "subSequence", "II", as_string<5>},
    {kAppendable, "contains", "O", as_string<6>},
    {kAppendable, "matches", "O", as_string<7>},
    {kAppendable, "split", "O*", as_string<8>},
    {kAppendable, "tokenize", "O*", as_string<9>},
    {kAppendable, "readLines", "", as_string<10>},
    {kAppendable, "eachLine", "C", as_string<11>},
    {kAppendable, "replaceAll", "OO", as_string<12>},
    {kAppendable, "trim", "", as_string<13>},
    {kAppendable, "startsWith", "O", as_string<14>},
    {kAppendable, "endsWith", "O", as_string<15>},
    {kAppendable, "toInteger", "", as_string<16>},
    {kAppendable, "getAt", "O", as_string<17>},
    {"java.lang.StringBuilder", "new", "", new_builder},
    {"java.lang.StringBuilder", "new", "O", new_builder},
    {"java.lang.StringBuffer", "new", "", new_buffer},
    {"java.lang.StringBuffer", "new", "O", new_buffer},
    {"java.io.StringWriter", "new", "", new_writer},
};

}  // namespace

LibraryPart builder_methods() { return {{}, kRows}; }

}  // namespace ks::groovy
