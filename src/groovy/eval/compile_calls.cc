#include <algorithm>

#include "groovy/eval/compiler.h"

namespace ks::groovy {

namespace {

bool is_variable(const ast::Expr* e, std::string_view name) {
  const auto* variable = ast::as<ast::Variable>(e);
  return variable != nullptr && variable->name == name;
}

const ClassNode* class_literal(const Node* node) {
  if (const auto* recorded = dynamic_cast<const RecordedNode*>(node))
    return class_literal(recorded->inner.get());
  return dynamic_cast<const ClassNode*>(node);
}

}  // namespace

Arguments Compiler::arguments(ast::Array<ast::Entry*> args, FunctionScope& f) {
  Arguments out;
  std::vector<ast::Entry*> named;
  for (ast::Entry* each : args) {
    if (each->named() || each->key != nullptr ||
        (each->value != nullptr && each->value->kind == ast::Kind::spread_map)) {
      named.push_back(each);
    }
  }
  if (!named.empty()) out.values.push_back(map(named, f));
  for (const ast::Entry* each : args) {
    if (each->key != nullptr || each->value->kind == ast::Kind::spread_map) continue;
    out.has_spread = out.has_spread || each->value->kind == ast::Kind::spread;
    out.values.push_back(expr(each->value, f));
  }
  return out;
}

NodePtr Compiler::property(const ast::Property& in, FunctionScope& f) {
  if (is_variable(in.object, "super") && !in.name.empty()) {
    auto out = make<SuperPropertyNode>(in);
    out->name = &name(in.name);
    return out;
  }
  // A chain of names may be a class, whole or in front.
  if (std::optional<std::string> chain = dotted(&in)) {
    std::string_view root = std::string_view(*chain).substr(0, chain->find('.'));
    if (root != "this" && root != "super" && !f.find(root)) {
      if (std::optional<TypeRef> cls = class_named(*chain, f.cls)) {
        bool certain = cls->known != nullptr || by_full_name_.contains(cls->name);
        if (certain) return class_node(std::move(*cls), in);
      }
      std::string last = chain->substr(chain->rfind('.') + 1);
      bool looks_like_class = std::isupper(static_cast<unsigned char>(last[0])) != 0 &&
                              std::islower(static_cast<unsigned char>(root[0])) != 0 &&
                              (std::count(chain->begin(), chain->end(), '.') >= 2 ||
                               root == "hudson");  // `hudson.FilePath`; others are variables
      if (looks_like_class) {
        auto out = make<PossibleClassNode>(in);
        out->root = &name(root);
        out->full_name = *chain;
        auto plain = make<PropertyNode>(in);
        plain->receiver = expr(in.object, f);
        plain->name = &name(in.name);
        out->otherwise = std::move(plain);
        return out;
      }
    }
  }
  NodePtr receiver = expr(in.object, f);
  if (const ClassNode* cls = class_literal(receiver.get());
      cls != nullptr && !in.name.empty() && !in.spread) {
    if (in.name == "class") return receiver;
    if (in.name == "this") {
      auto out = make<OuterThisNode>(in);
      out->type = cls->type;
      return out;
    }
    auto out = make<StaticPropertyNode>(in);
    out->type = cls->type;
    out->name = &name(in.name);
    return out;
  }
  auto out = make<PropertyNode>(in);
  out->on_this = is_variable(in.object, "this");
  out->receiver = std::move(receiver);
  if (!in.name.empty()) {
    out->name = &name(in.name);
  } else {
    out->dynamic_name = expr(in.name_expr, f);
  }
  out->safe = in.safe;
  out->spread = in.spread;
  out->field = in.attribute;
  return out;
}

NodePtr Compiler::call(const ast::Call& in, FunctionScope& f) {
  if (in.receiver == nullptr && (in.name == "this" || in.name == "super")) {
    auto out = make<ConstructorCallNode>(in);
    out->to_super = in.name == "super";
    out->arguments = arguments(in.args, f);
    return out;
  }
  if (in.implicit_call) {
    auto out = make<ValueCallNode>(in);
    out->callee = expr(in.receiver, f);
    out->arguments = arguments(in.args, f);
    return out;
  }
  if (in.receiver != nullptr) return receiver_call(in, f);
  if (!in.name.empty()) {
    if (std::optional<groovy::Place> place = f.find(in.name)) {
      auto out = make<ValueCallNode>(in);
      out->callee = local(*place);
      out->arguments = arguments(in.args, f);
      return out;
    }
    if (NodePtr imported = static_import(in.name, in, f)) return imported;
  }
  auto out = make<ImplicitCallNode>(in);
  if (!in.name.empty()) {
    out->name = &name(in.name);
  } else {
    out->dynamic_name = expr(in.name_expr, f);
  }
  out->arguments = arguments(in.args, f);
  out->exact = static_types(in, f);
  return out;
}

NodePtr Compiler::receiver_call(const ast::Call& in, FunctionScope& f) {
  if (is_variable(in.receiver, "super") && !in.name.empty()) {
    auto out = make<SuperCallNode>(in);
    out->name = &name(in.name);
    out->arguments = arguments(in.args, f);
    return out;
  }
  NodePtr receiver = expr(in.receiver, f);
  if (const ClassNode* cls = class_literal(receiver.get());
      cls != nullptr && !in.name.empty() && !in.spread) {
    auto out = make<StaticCallNode>(in);
    out->type = cls->type;
    out->name = &name(in.name);
    out->arguments = arguments(in.args, f);
    return out;
  }
  auto out = make<CallNode>(in);
  out->receiver = std::move(receiver);
  if (!in.name.empty()) {
    out->name = &name(in.name);
  } else {
    out->dynamic_name = expr(in.name_expr, f);
  }
  out->arguments = arguments(in.args, f);
  if (in.name == "remove" && in.args.size() == 1) {
    const auto* cast = ast::as<ast::Cast>(in.args[0]->value);
    out->by_object =
        cast != nullptr && (cast->type->name == "Object" || cast->type->name == "java.lang.Object");
  }
  out->safe = in.safe;
  out->spread = in.spread;
  if (is_variable(in.receiver, "this") && !in.spread) out->exact = static_types(in, f);
  return out;
}

NodePtr Compiler::construct(const ast::Construct& in, FunctionScope& f) {
  auto out = make<NewNode>(in);
  out->type = type(in.type, f.cls);
  out->arguments = arguments(in.args, f);
  if (in.body != nullptr) out->anonymous = compile_anonymous(*in.body, f);
  return out;
}

}  // namespace ks::groovy
