#include <fmt/format.h>

#include "base/text.h"
#include "groovy/gdk/library.h"
#include "groovy/gdk/support.h"

/// java.net.URL and URI, to take apart and not to open; URLEncoder and URLDecoder.

namespace ks::groovy {

namespace {

constexpr std::string_view kUrl = "java.net.URL";
constexpr std::string_view kUri = "java.net.URI";

class Address final : public NativeObject {
 public:
  Address(ClassInfo* cls, std::string given) : cls_(cls), text(std::move(given)) { take_apart(); }
  ClassInfo* class_info() const override { return cls_; }
  std::string to_string(Task&) override { return text; }
  bool equals(Task&, const Value& other) override {
    auto* address = other.as_dynamic<Address>();
    return address != nullptr && address->text == text;
  }
  int32_t hash_code(Task&) override { return java_hash(text); }
  std::optional<int> compare(Task&, const Value& other) override {
    auto* address = other.as_dynamic<Address>();
    if (address == nullptr) return std::nullopt;
    return compare_text(text, address->text);
  }
  size_t footprint() const override { return sizeof(Address) + text.capacity() * 2; }

 private:
  void take_apart() {
    std::string_view rest = text;
    size_t colon = rest.find(':');
    bool has_scheme =
        colon != rest.npos && colon > 0 && rest.substr(0, colon).find_first_of("/?#") == rest.npos;
    if (has_scheme) {
      scheme = std::string(rest.substr(0, colon));
      rest.remove_prefix(colon + 1);
    }
    if (size_t hash = rest.find('#'); hash != rest.npos) {
      fragment = std::string(rest.substr(hash + 1));
      rest = rest.substr(0, hash);
    }
    if (size_t mark = rest.find('?'); mark != rest.npos) {
      query = std::string(rest.substr(mark + 1));
      rest = rest.substr(0, mark);
    }
    if (rest.starts_with("//")) {
      rest.remove_prefix(2);
      size_t slash = std::min(rest.find('/'), rest.size());
      authority = std::string(rest.substr(0, slash));
      rest.remove_prefix(slash);
      std::string_view place = *authority;
      if (size_t at = place.rfind('@'); at != place.npos) {
        user = std::string(place.substr(0, at));
        place.remove_prefix(at + 1);
      }
      size_t port_colon = place.rfind(':');
      bool has_port = port_colon != place.npos && place.find(']', port_colon) == place.npos;
      if (has_port)
        port = static_cast<int32_t>(parse_int(place.substr(port_colon + 1)).value_or(-1));
      host = std::string(has_port ? place.substr(0, port_colon) : place);
    }
    path = std::string(rest);
  }
  ClassInfo* cls_;

 public:
  std::string text;
  std::optional<std::string> scheme, authority, user, host, query, fragment;
  std::string path;
  int32_t port = -1;
};

Address& self(Call& c) { return *c.self.as_dynamic<Address>(); }
Value maybe(Call& c, const std::optional<std::string>& part) {
  return part ? text(c, *part) : Value{};
}

Value new_url(Call& c) {
  Ref<Address> made = c.heap().make<Address>(library_class(kUrl), c.text(0));
  if (!made->scheme)
    throw_error(c.task, "java.net.MalformedURLException", "no protocol: " + c.text(0));
  static constexpr std::string_view kKnown[] = {"http", "https", "ftp", "file", "jar", "mailto"};
  for (std::string_view each : kKnown) {
    if (*made->scheme == each) return made;
  }
  throw_error(c.task, "java.net.MalformedURLException", "unknown protocol: " + *made->scheme);
}
Value new_uri(Call& c) {
  std::string given = c.text(0);
  size_t bad = given.find_first_of(" \"<>\\^`{|}");
  if (bad != std::string::npos) {
    throw_error(c.task, "java.net.URISyntaxException",
                fmt::format("Illegal character in path at index {}: {}", bad, given));
  }
  return c.heap().make<Address>(library_class(kUri), given);
}
Value scheme(Call& c) { return maybe(c, self(c).scheme); }
Value host(Call& c) { return maybe(c, self(c).host); }
Value authority(Call& c) { return maybe(c, self(c).authority); }
Value user(Call& c) { return maybe(c, self(c).user); }
Value query(Call& c) { return maybe(c, self(c).query); }
Value fragment(Call& c) { return maybe(c, self(c).fragment); }
Value path(Call& c) { return text(c, percent_decode(self(c).path)); }
Value raw_path(Call& c) { return text(c, self(c).path); }
Value port(Call& c) { return Value::of_int(self(c).port); }
Value default_port(Call& c) {
  const std::string& name = self(c).scheme.value_or("");
  return Value::of_int(name == "http" ? 80 : name == "https" ? 443 : name == "ftp" ? 21 : -1);
}
Value file(Call& c) { return text(c, self(c).path + (self(c).query ? "?" + *self(c).query : "")); }
Value to_uri(Call& c) { return c.heap().make<Address>(library_class(kUri), self(c).text); }
Value to_url(Call& c) { return c.heap().make<Address>(library_class(kUrl), self(c).text); }
Value text_to_url(Call& c) {
  Value args[] = {c.self};
  Call inner{c.task, c.in, c.self, args};
  return new_url(inner);
}
Value text_to_uri(Call& c) {
  Value args[] = {c.self};
  Call inner{c.task, c.in, c.self, args};
  return new_uri(inner);
}
Value refuse_opening(Call& c) { throw_rejected(c.task, "method", "java.net.URL openConnection"); }
Value refuse_text(Call& c) {
  throw_rejected(c.task, "staticMethod",
                 "org.codehaus.groovy.runtime.ResourceGroovyMethods getText java.net.URL");
}

Value encode(Call& c) {
  std::string out;
  for (char ch : c.text(0)) {
    if (std::isalnum(static_cast<unsigned char>(ch)) != 0 ||
        std::string_view(".-*_").contains(ch)) {
      out += ch;
    } else if (ch == ' ') {
      out += '+';
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned>(static_cast<unsigned char>(ch)));
    }
  }
  return text(c, std::move(out));
}
Value decode(Call& c) { return text(c, to_utf8_lossy(percent_decode(c.text(0), true))); }

constexpr ClassRow kClasses[] = {
    {kUrl, "", "java.io.Serializable"},
    {kUri, "", "java.lang.Comparable,java.io.Serializable"},
    {"java.net.URLEncoder", "", ""},
    {"java.net.URLDecoder", "", ""},
};

constexpr MethodRow kRows[] = {
    {kUrl, "new", "S", new_url},
    {kUrl, "getProtocol", "", scheme},
    {kUrl, "getHost", "", host},
    {kUrl, "getPort", "", port},
    {kUrl, "getDefaultPort", "", default_port},
    {kUrl, "getPath", "", raw_path},
    {kUrl, "getQuery", "", query},
    {kUrl, "getRef", "", fragment},
    {kUrl, "getFile", "", file},
    {kUrl, "getAuthority", "", authority},
    {kUrl, "getUserInfo", "", user},
    {kUrl, "toURI", "", to_uri},
    {kUrl, "openConnection", "O*", refuse_opening},
    {kUrl, "openStream", "", refuse_opening},
    {kUrl, "getText", "O*", refuse_text},
    {kUrl, "getBytes", "", refuse_text},
    {kUrl, "withReader", "O*", refuse_text},
    {kUri, "new", "S", new_uri},
    {kUri, "static create", "S", new_uri},
    {kUri, "getScheme", "", scheme},
    {kUri, "getHost", "", host},
    {kUri, "getPort", "", port},
    {kUri, "getPath", "", path},
    {kUri, "getRawPath", "", raw_path},
    {kUri, "getQuery", "", query},
    {kUri, "getFragment", "", fragment},
    {kUri, "getAuthority", "", authority},
    {kUri, "getUserInfo", "", user},
    {kUri, "toURL", "", to_url},
    {"java.lang.String", "toURL", "", text_to_url},
    {"java.lang.String", "toURI", "", text_to_uri},
    {"java.net.URLEncoder", "static encode", "S", encode},
    {"java.net.URLEncoder", "static encode", "SO", encode},
    {"java.net.URLDecoder", "static decode", "S", decode},
    {"java.net.URLDecoder", "static decode", "SO", decode},
};

}  // namespace

LibraryPart url_methods() { return {kClasses, kRows}; }

}  // namespace ks::groovy
