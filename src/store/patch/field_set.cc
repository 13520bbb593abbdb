#include "store/patch/field_set.h"

#include <algorithm>
#include <boost/json.hpp>
#include <cstdlib>
#include <functional>
#include <utility>

#include "base/json.h"

namespace ks::store {
namespace {

/// A token of canonical JSON. Its kinds rank as Kubernetes ranks values; what ends an object comes
/// before what goes on with it, so that a shorter key is less.
struct Token {
  enum class Kind : uint8_t { end, number, text, boolean, punctuation, null };
  Kind kind = Kind::end;
  std::string_view text;
};

Token take_token(std::string_view& rest) {
  if (rest.empty()) return {};
  size_t length = 1;
  Token::Kind kind = Token::Kind::punctuation;
  switch (rest[0]) {
    case '"':
      while (length < rest.size() && rest[length] != '"') length += rest[length] == '\\' ? 2 : 1;
      length = std::min(length + 1, rest.size());
      kind = Token::Kind::text;
      break;
    case '}':
    case ']': kind = Token::Kind::end; break;
    case '{':
    case '[':
    case ',':
    case ':': break;
    default:
      length = std::min(rest.find_first_of(",:]}"), rest.size());
      kind = rest[0] == 'n'                     ? Token::Kind::null
             : rest[0] == 't' || rest[0] == 'f' ? Token::Kind::boolean
                                                : Token::Kind::number;
  }
  const Token token{kind, rest.substr(0, length)};
  rest.remove_prefix(length);
  return token;
}

std::strong_ordering compare_numbers(std::string_view a, std::string_view b) {
  const double x = std::strtod(std::string(a).c_str(), nullptr);
  const double y = std::strtod(std::string(b).c_str(), nullptr);
  if (x != y) return x < y ? std::strong_ordering::less : std::strong_ordering::greater;
  return a <=> b;  // integers beyond a double's precision still differ
}

std::strong_ordering compare_canonical(std::string_view a, std::string_view b) {
  if (a == b) return std::strong_ordering::equal;
  while (!a.empty() || !b.empty()) {
    const Token x = take_token(a);
    const Token y = take_token(b);
    if (x.kind != y.kind) return x.kind <=> y.kind;
    const auto order =
        x.kind == Token::Kind::number ? compare_numbers(x.text, y.text) : x.text <=> y.text;
    if (order != 0) return order;
  }
  return std::strong_ordering::equal;
}

/// Walks two sorted sets side by side. `visit` gets the nodes of one element, null where a set has
/// none.
template <class Left, class Visit>
void zip(Left& a, const FieldSet& b, Visit visit) {
  auto left = a.nodes.begin();
  auto right = b.nodes.begin();
  while (left != a.nodes.end() || right != b.nodes.end()) {
    const auto order = left == a.nodes.end()    ? std::strong_ordering::greater
                       : right == b.nodes.end() ? std::strong_ordering::less
                                                : left->element <=> right->element;
    auto* l = order <= 0 ? &*left++ : nullptr;
    const FieldSet::Node* r = order >= 0 ? &*right++ : nullptr;
    visit(l, r);
  }
}

void list_paths(std::vector<std::string>& out, std::string& path, const FieldSet& set) {
  for (const FieldSet::Node& node : set.nodes) {
    const size_t before = path.size();
    node.element.append_path(path);
    if (node.member) out.push_back(path);
    list_paths(out, path, node.below);
    path.resize(before);
  }
}

}  // namespace

std::strong_ordering PathElement::operator<=>(const PathElement& other) const {
  if (kind != other.kind) return kind <=> other.kind;
  return kind == Kind::field ? text <=> other.text : compare_canonical(text, other.text);
}

void PathElement::append_path(std::string& out) const {
  switch (kind) {
    case Kind::field:
      out += '.';
      out += text;
      return;
    case Kind::key: {
      const Result<json::value> keys = parse_json(text);
      if (!keys || !keys->is_object()) break;
      char separator = '[';
      for (const auto& [name, value] : keys->get_object()) {
        out += separator;
        out += std::string_view(name);
        out += '=';
        append_canonical(out, value);
        separator = ',';
      }
      out += ']';
      return;
    }
    case Kind::value:
      out += "[=";
      out += text;
      out += ']';
      return;
    case Kind::index: break;
  }
  out += '[';
  out += text;
  out += ']';
}

const FieldSet::Node* FieldSet::find(const PathElement& element) const {
  const auto at = std::ranges::lower_bound(nodes, element, {}, &Node::element);
  return at != nodes.end() && at->element == element ? &*at : nullptr;
}

bool FieldSet::operator==(const FieldSet& other) const { return nodes == other.nodes; }

void FieldSet::append(PathElement element, bool member, FieldSet below) {
  if (member || !below.empty()) nodes.push_back({std::move(element), member, std::move(below)});
}

void FieldSet::sort() {
  const auto less = [](const Node& a, const Node& b) { return a.element < b.element; };
  if (std::ranges::adjacent_find(nodes, std::not_fn(less)) == nodes.end()) return;
  std::ranges::stable_sort(nodes, less);
  auto end = nodes.begin();
  for (auto at = nodes.begin(); at != nodes.end(); ++at) {
    if (end != nodes.begin() && std::prev(end)->element == at->element) {
      std::prev(end)->member = true;
      std::prev(end)->below.nodes.clear();
      continue;
    }
    if (end != at) *end = std::move(*at);
    ++end;
  }
  nodes.erase(end, nodes.end());
}

std::vector<std::string> FieldSet::paths() const {
  std::vector<std::string> out;
  std::string path;
  list_paths(out, path, *this);
  return out;
}

FieldSet unite(FieldSet a, const FieldSet& b) {
  if (b.empty()) return a;
  FieldSet out;
  out.nodes.reserve(std::max(a.nodes.size(), b.nodes.size()));
  zip(a, b, [&](FieldSet::Node* l, const FieldSet::Node* r) {
    if (l == nullptr) {
      out.nodes.push_back(*r);
    } else if (r == nullptr) {
      out.nodes.push_back(std::move(*l));
    } else {
      out.append(std::move(l->element), l->member || r->member,
                 unite(std::move(l->below), r->below));
    }
  });
  return out;
}

FieldSet subtract(const FieldSet& a, const FieldSet& b) {
  if (b.empty()) return a;
  FieldSet out;
  zip(a, b, [&](const FieldSet::Node* l, const FieldSet::Node* r) {
    if (l == nullptr) return;
    if (r == nullptr) {
      out.nodes.push_back(*l);
    } else {
      out.append(l->element, l->member && !r->member, subtract(l->below, r->below));
    }
  });
  return out;
}

FieldSet intersect(const FieldSet& a, const FieldSet& b) {
  FieldSet out;
  zip(a, b, [&](const FieldSet::Node* l, const FieldSet::Node* r) {
    if (l == nullptr || r == nullptr) return;
    out.append(l->element, l->member && r->member, intersect(l->below, r->below));
  });
  return out;
}

}  // namespace ks::store
