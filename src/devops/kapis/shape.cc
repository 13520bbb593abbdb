#include "devops/kapis/shape.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <cctype>

#include "base/check.h"

namespace ks::devops::kapis {
namespace {

/// What the original leaves out: zero, false, null, the empty text, list and object.
bool is_empty(const json::value& value) {
  switch (value.kind()) {
    case json::kind::null: return true;
    case json::kind::bool_: return !value.get_bool();
    case json::kind::int64: return value.get_int64() == 0;
    case json::kind::uint64: return value.get_uint64() == 0;
    case json::kind::double_: return value.get_double() == 0;
    case json::kind::string: return value.get_string().empty();
    case json::kind::array: return value.get_array().empty();
    case json::kind::object: return value.get_object().empty();
  }
  return true;
}

Error misfit(const std::string& path, std::string_view wanted) {
  return {Code::invalid, fmt::format("{} is no {}", path.empty() ? "the answer" : path, wanted)};
}

}  // namespace

json::value Shape::empty() const {
  switch (type_) {
    case Type::named: return named_->empty();
    case Type::text: return "";
    case Type::integer: return 0;
    case Type::boolean: return false;
    case Type::any:
    case Type::list:
    case Type::map: return nullptr;
    case Type::object: break;
  }
  json::object out;
  for (const Field& field : fields_) {
    if (!field.optional) out[field.name] = field.shape.empty();
  }
  return out;
}

Result<json::value> Shape::apply_at(const json::value& value, std::string& path) const {
  if (type_ == Type::named) return named_->apply_at(value, path);
  if (type_ == Type::any) return value;
  if (value.is_null()) return empty();
  switch (type_) {
    case Type::named:
    case Type::any: break;
    case Type::text:
      if (!value.is_string()) return misfit(path, "text");
      break;
    case Type::integer:
      if (!value.is_int64() && !value.is_uint64()) return misfit(path, "whole number");
      break;
    case Type::boolean:
      if (!value.is_bool()) return misfit(path, "boolean");
      break;
    case Type::map:
      if (!value.is_object()) return misfit(path, "object");
      break;
    case Type::list: {
      if (!value.is_array()) return misfit(path, "list");
      json::array out;
      for (const json::value& one : value.get_array()) {
        const size_t length = path.size();
        path += fmt::format("[{}]", out.size());
        out.push_back(TRY(element_->apply_at(one, path)));
        path.resize(length);
      }
      return json::value(std::move(out));
    }
    case Type::object: {
      if (!value.is_object()) return misfit(path, "object");
      json::object out;
      for (const Field& field : fields_) {
        const json::value* member = value.get_object().if_contains(field.name);
        if (member == nullptr) {
          if (!field.optional) out[field.name] = field.shape.empty();
          continue;
        }
        const size_t length = path.size();
        path += (path.empty() ? "" : ".") + field.name;
        json::value shaped = TRY(field.shape.apply_at(*member, path));
        path.resize(length);
        // `any` keeps false and 0: only null is nothing there.
        const bool leave_out =
            field.optional &&
            (field.shape.type_ == Type::any ? shaped.is_null() : is_empty(shaped));
        if (!leave_out) out[field.name] = std::move(shaped);
      }
      return json::value(std::move(out));
    }
  }
  return value;
}

Result<json::value> Shape::apply(const json::value& value) const {
  std::string path;
  return apply_at(value, path);
}

/// Reads the notation.
class ShapeCatalogue::Parser {
 public:
  Parser(std::string_view text, ShapeCatalogue& catalogue) : text_(text), catalogue_(catalogue) {}

  void all() {
    for (skip(); at_ < text_.size(); skip()) {
      std::string name = word();
      expect('=');
      auto shape = std::make_unique<Shape>(one());
      CHECK_MSG(catalogue_.shapes_.emplace(std::move(name), std::move(shape)).second,
                "doubled shape");
    }
  }

 private:
  Shape one() {
    Shape out;
    skip();
    if (take('[')) {
      out.type_ = Shape::Type::list;
      out.element_ = std::make_shared<Shape>(one());
      expect(']');
      return out;
    }
    if (take('{')) {
      out.type_ = Shape::Type::object;
      while (!take('}')) {
        Shape::Field field;
        field.name = word();
        field.optional = take('?');
        expect(':');
        field.shape = one();
        out.fields_.push_back(std::move(field));
        take(',');
      }
      return out;
    }
    const std::string name = word();
    if (name == "any") return out;
    if (name == "string") return of(Shape::Type::text);
    if (name == "int") return of(Shape::Type::integer);
    if (name == "bool") return of(Shape::Type::boolean);
    if (name == "map") return of(Shape::Type::map);
    out.type_ = Shape::Type::named;
    out.named_ = &catalogue_.get(name);
    return out;
  }

  static Shape of(Shape::Type type) {
    Shape out;
    out.type_ = type;
    return out;
  }

  void skip() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_])) != 0) ++at_;
  }
  bool take(char wanted) {
    skip();
    if (at_ >= text_.size() || text_[at_] != wanted) return false;
    ++at_;
    return true;
  }
  void expect(char wanted) {
    CHECK_MSG(take(wanted), fmt::format("expected '{}' at \"{}\"", wanted, text_.substr(at_, 20)));
  }
  std::string word() {
    skip();
    const size_t from = at_;
    while (at_ < text_.size() &&
           (std::isalnum(static_cast<unsigned char>(text_[at_])) != 0 || text_[at_] == '_')) {
      ++at_;
    }
    CHECK_MSG(at_ > from, fmt::format("expected a name at \"{}\"", text_.substr(at_, 20)));
    return std::string(text_.substr(from, at_ - from));
  }

  std::string_view text_;
  ShapeCatalogue& catalogue_;
  size_t at_ = 0;
};

ShapeCatalogue::ShapeCatalogue(std::string_view text) { Parser(text, *this).all(); }

const Shape& ShapeCatalogue::get(std::string_view name) const {
  const auto found = shapes_.find(name);
  CHECK_MSG(found != shapes_.end(), name);
  return *found->second;
}

}  // namespace ks::devops::kapis
