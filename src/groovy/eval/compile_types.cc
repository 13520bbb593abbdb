#include <array>

#include "groovy/eval/compiler.h"

namespace ks::groovy {

namespace {

TypeRef known(ClassInfo* cls) {
  TypeRef out;
  out.known = cls;
  out.name = cls->name;
  out.written = true;
  return out;
}

TypeRef by_name(std::string name) {
  TypeRef out;
  out.name = std::move(name);
  out.written = true;
  return out;
}

/// `Map.Entry` -> `Map$Entry`: the last dot becomes an inner class.
std::optional<std::string> as_inner(std::string_view name) {
  size_t dot = name.rfind('.');
  if (dot == name.npos) return std::nullopt;
  return std::string(name.substr(0, dot)) + "$" + std::string(name.substr(dot + 1));
}

ClassInfo* primitive(std::string_view name) {
  static constexpr std::array<std::string_view, 9> kNames = {
      "int", "long", "boolean", "char", "double", "byte", "short", "float", "void"};
  for (std::string_view each : kNames) {
    if (each == name) return library_class(each);
  }
  return nullptr;
}

ClassInfo* library_by_any_name(std::string_view name) {
  if (name.find('.') == name.npos) return default_class(name);
  if (ClassInfo* cls = library_class(name)) return cls;
  if (std::optional<std::string> inner = as_inner(name)) {
    if (ClassInfo* cls = library_class(*inner)) return cls;
    if (ClassInfo* cls = default_class(*inner)) return cls;
  }
  return nullptr;
}

}  // namespace

std::optional<TypeRef> Compiler::own_class(std::string_view name, const ClassScope* around) {
  std::string text(name);
  for (char& c : text) {
    if (c == '.') c = '$';
  }
  // Inside first: the class itself, its inner classes, those of its superclasses here, then
  // outwards.
  for (const ClassScope* scope = around; scope != nullptr; scope = scope->outer) {
    if (scope->decl != nullptr && scope->decl->name == name) return by_name(scope->def->name);
    for (const ClassScope* heir = scope; heir != nullptr;) {
      auto found = by_full_name_.find(heir->def->name + "$" + text);
      if (found != by_full_name_.end()) return by_name(found->first);
      const ClassScope* parent = nullptr;
      if (heir->decl != nullptr && heir->decl->superclass != nullptr &&
          heir->decl->superclass->name != name) {
        std::string super_name(heir->decl->superclass->name);
        auto super = by_full_name_.find(super_name);
        if (super != by_full_name_.end() && super->second != heir) parent = super->second;
      }
      heir = parent;
    }
  }
  for (const ClassScope* scope = around; scope != nullptr; scope = scope->outer) {
    if (ClassInfo* inner = inherited_class(text, *scope)) return known(inner);
  }
  std::string package = unit_.package.empty() ? "" : std::string(unit_.package) + ".";
  if (auto found = by_full_name_.find(package + text); found != by_full_name_.end())
    return by_name(found->first);
  if (auto found = by_full_name_.find(std::string(name)); found != by_full_name_.end())
    return by_name(found->first);
  // `org.foo.Outer.Inner` of this text.
  for (std::string full(name); full.find('.') != full.npos;) {
    if (by_full_name_.contains(full)) return by_name(full);
    full[full.rfind('.')] = '$';
  }
  return std::nullopt;
}

ClassInfo* Compiler::inherited_class(std::string_view name, const ClassScope& scope) {
  if (scope.decl == nullptr) return nullptr;
  auto below = [&](const ast::TypeRef* parent) -> ClassInfo* {
    ClassInfo* above = library_by_any_name(parent->name);
    if (above == nullptr || by_full_name_.contains(std::string(parent->name))) return nullptr;
    for (const ClassInfo* each : above->line) {
      if (ClassInfo* inner = library_class(each->name + "$" + std::string(name))) return inner;
    }
    return nullptr;
  };
  if (scope.decl->superclass != nullptr) {
    if (ClassInfo* inner = below(scope.decl->superclass)) return inner;
  }
  for (const ast::TypeRef* each : scope.decl->interfaces) {
    if (ClassInfo* inner = below(each)) return inner;
  }
  return nullptr;
}

std::vector<TypeRef> Compiler::type_arguments(const ast::TypeRef& parent, const TypeRef& cls,
                                              const ClassScope& scope) {
  std::vector<TypeRef> out;
  if (!by_full_name_.contains(cls.name)) return out;
  for (const ast::TypeRef* each : parent.arguments) out.push_back(type(each, &scope));
  return out;
}

const ast::TypeParameter* Compiler::type_variable(std::string_view name,
                                                  const ClassScope* around) const {
  auto among = [&](ast::Array<ast::TypeParameter> declared) -> const ast::TypeParameter* {
    for (const ast::TypeParameter& each : declared) {
      if (each.name == name) return &each;
    }
    return nullptr;
  };
  for (auto method = methods_.rbegin(); method != methods_.rend(); ++method) {
    if (const ast::TypeParameter* found = among((*method)->type_parameters)) return found;
  }
  for (const ClassScope* scope = around; scope != nullptr; scope = scope->outer) {
    if (scope->decl == nullptr) continue;
    if (const ast::TypeParameter* found = among(scope->decl->type_parameters)) return found;
  }
  return nullptr;
}

std::optional<TypeRef> Compiler::imported(std::string_view simple) {
  for (const ast::Import* import : unit_.imports) {
    if (import->star || import->alias != simple) continue;
    if (import->is_static) continue;
    if (ClassInfo* cls = library_by_any_name(import->name)) return known(cls);
    if (std::optional<TypeRef> own = own_class(import->name, nullptr)) return own;
    return by_name(std::string(import->name));
  }
  for (const ast::Import* import : unit_.imports) {
    if (!import->star || import->is_static) continue;
    if (ClassInfo* cls = library_class(std::string(import->name) + "." + std::string(simple)))
      return known(cls);
    if (ClassInfo* cls = library_class(std::string(import->name) + "$" + std::string(simple)))
      return known(cls);
  }
  return std::nullopt;
}

std::optional<TypeRef> Compiler::class_named(std::string_view name, const ClassScope* around) {
  if (ClassInfo* cls = primitive(name)) return known(cls);
  if (std::optional<TypeRef> own = own_class(name, around)) return own;
  size_t dot = name.find('.');
  if (dot == name.npos) {
    if (std::optional<TypeRef> found = imported(name)) return found;
    if (ClassInfo* cls = default_class(name)) return known(cls);
    if (!forbidden_default_class(name).empty()) return by_name(std::string(name));
    return std::nullopt;
  }
  if (ClassInfo* cls = library_by_any_name(name)) return known(cls);
  // `Outer.Inner` where Outer was imported.
  if (std::optional<TypeRef> outer = imported(name.substr(0, dot))) {
    std::string full = outer->name + "$" + std::string(name.substr(dot + 1));
    if (ClassInfo* cls = library_class(full)) return known(cls);
    return by_name(full);
  }
  return std::nullopt;
}

TypeRef Compiler::type_named(std::string_view name, const ClassScope* around) {
  if (std::optional<TypeRef> found = class_named(name, around)) return std::move(*found);
  TypeRef out = by_name(std::string(name));
  if (!unit_.package.empty())
    out.others.push_back(std::string(unit_.package) + "." + std::string(name));
  for (const ast::Import* import : unit_.imports) {
    if (import->star && !import->is_static)
      out.others.push_back(std::string(import->name) + "." + std::string(name));
  }
  if (std::optional<std::string> inner = as_inner(name)) out.others.push_back(*inner);
  return out;
}

TypeRef Compiler::type(const ast::TypeRef* written, const ClassScope* around) {
  if (written == nullptr || written->name == "def") return {};
  // A type variable is erased to its first bound, or to Object. Bounds may name each other.
  const ast::TypeParameter* variable = type_variable(written->name, around);
  if (variable != nullptr || written->name == "?") {
    constexpr int kBounds = 8;
    TypeRef erased = known(types().object);
    if (variable != nullptr && variable->bound != nullptr && erasing_ < kBounds) {
      ++erasing_;
      erased = type(variable->bound, around);
      --erasing_;
    }
    erased.dimensions = static_cast<uint8_t>(erased.dimensions + written->dimensions);
    return erased;
  }
  TypeRef out = type_named(written->name, around);
  out.dimensions = static_cast<uint8_t>(written->dimensions);
  if (out.known != nullptr || by_full_name_.contains(out.name) || !options_.class_exists)
    return out;
  // A single capital is a type parameter: erased to Object.
  if (written->name.size() == 1) {
    out.known = types().object;
    return out;
  }
  bool exists = options_.class_exists(out.name) || is_forbidden_class(out.name) ||
                !forbidden_default_class(out.name).empty();
  for (const std::string& other : out.others) exists = exists || options_.class_exists(other);
  if (!exists) unresolved(*written, written->name);
  return out;
}

void Compiler::unresolved(const ast::Node& at, std::string_view name) {
  error(at, "unable to resolve class " + std::string(name) + " ");
}

std::optional<std::string> Compiler::dotted(const ast::Expr* expr) {
  if (const auto* variable = ast::as<ast::Variable>(expr)) return std::string(variable->name);
  const auto* property = ast::as<ast::Property>(expr);
  if (property == nullptr || property->name.empty() || property->safe || property->spread ||
      property->attribute) {
    return std::nullopt;
  }
  std::optional<std::string> front = dotted(property->object);
  if (!front) return std::nullopt;
  return *front + "." + std::string(property->name);
}

NodePtr Compiler::static_import(std::string_view method, const ast::Call& call, FunctionScope& f) {
  for (const ast::Import* import : unit_.imports) {
    if (!import->is_static) continue;
    std::string_view member = import->star              ? method
                              : import->alias == method ? import->member
                                                        : std::string_view{};
    if (member.empty()) continue;
    TypeRef type = type_named(import->name, nullptr);
    if (import->star && type.known != nullptr &&
        method_group("static " + std::string(member)) == nullptr)
      continue;
    if (import->star && type.known == nullptr && !by_full_name_.contains(type.name)) continue;
    auto node = make<StaticCallNode>(call);
    node->type = std::move(type);
    node->name = &name(member);
    node->arguments = arguments(call.args, f);
    return node;
  }
  return nullptr;
}

NodePtr Compiler::static_import_property(std::string_view property) {
  for (const ast::Import* import : unit_.imports) {
    if (!import->is_static) continue;
    std::string_view member = import->star                ? property
                              : import->alias == property ? import->member
                                                          : std::string_view{};
    if (member.empty()) continue;
    TypeRef type = type_named(import->name, nullptr);
    if (import->star) {
      if (type.known == nullptr || method_group("static " + std::string(member)) == nullptr)
        continue;
      bool field = false;
      for (const Method& each : method_group("static " + std::string(member))->methods) {
        field = field || (each.cls == type.known && each.signature == "=");
      }
      if (!field) continue;
    }
    auto node = std::make_unique<StaticPropertyNode>();
    node->type = std::move(type);
    node->name = &name(member);
    return node;
  }
  return nullptr;
}

}  // namespace ks::groovy
