#pragma once

#include "groovy/ast.h"

namespace ks::groovy::ast {

namespace walk_detail {

template <class T, class F>
void each(Array<T*> nodes, F& visit) {
  for (T* node : nodes) visit(*node);
}

template <class T, class F>
void maybe(T* node, F& visit) {
  if (node != nullptr) visit(*node);
}

}  // namespace walk_detail

/// Calls visit(child) for each direct child, in source order but for defaults of parameters. Types
/// are left out.
template <class F>
void for_each_child(const Node& node, F visit) {
  using walk_detail::each;
  using walk_detail::maybe;
  switch (node.kind) {
    case Kind::constant:
    case Kind::variable:
    case Kind::type_literal:
    case Kind::break_:
    case Kind::continue_:
    case Kind::type_ref:
    case Kind::import: return;
    case Kind::gstring: return each(cast<GString>(node).values, visit);
    case Kind::list: return each(cast<ListLiteral>(node).items, visit);
    case Kind::map: return each(cast<MapLiteral>(node).entries, visit);
    case Kind::range:
      maybe(cast<Range>(node).from, visit);
      return maybe(cast<Range>(node).to, visit);
    case Kind::closure:
      each(cast<Closure>(node).parameters, visit);
      return maybe(cast<Closure>(node).body, visit);
    case Kind::call:
      maybe(cast<Call>(node).receiver, visit);
      maybe(cast<Call>(node).name_expr, visit);
      return each(cast<Call>(node).args, visit);
    case Kind::construct:
      each(cast<Construct>(node).args, visit);
      return maybe(cast<Construct>(node).body, visit);
    case Kind::new_array: return each(cast<NewArray>(node).sizes, visit);
    case Kind::property:
      maybe(cast<Property>(node).object, visit);
      return maybe(cast<Property>(node).name_expr, visit);
    case Kind::index:
      maybe(cast<Index>(node).object, visit);
      return maybe(cast<Index>(node).key, visit);
    case Kind::binary:
      maybe(cast<Binary>(node).left, visit);
      return maybe(cast<Binary>(node).right, visit);
    case Kind::logical:
      maybe(cast<Logical>(node).left, visit);
      return maybe(cast<Logical>(node).right, visit);
    case Kind::unary: return maybe(cast<Unary>(node).operand, visit);
    case Kind::increment: return maybe(cast<Increment>(node).operand, visit);
    case Kind::assign:
      maybe(cast<Assign>(node).target, visit);
      return maybe(cast<Assign>(node).value, visit);
    case Kind::ternary:
      maybe(cast<Ternary>(node).condition, visit);
      maybe(cast<Ternary>(node).yes, visit);
      return maybe(cast<Ternary>(node).no, visit);
    case Kind::elvis:
      maybe(cast<Elvis>(node).value, visit);
      return maybe(cast<Elvis>(node).otherwise, visit);
    case Kind::cast: return maybe(cast<Cast>(node).value, visit);
    case Kind::instance_of: return maybe(cast<InstanceOf>(node).value, visit);
    case Kind::method_pointer:
      maybe(cast<MethodPointer>(node).object, visit);
      return maybe(cast<MethodPointer>(node).name_expr, visit);
    case Kind::spread: return maybe(cast<Spread>(node).value, visit);
    case Kind::spread_map: return maybe(cast<SpreadMap>(node).value, visit);
    case Kind::declaration:
      each(cast<Declaration>(node).annotations, visit);
      each(cast<Declaration>(node).declarators, visit);
      return maybe(cast<Declaration>(node).value, visit);
    case Kind::block: return each(cast<Block>(node).statements, visit);
    case Kind::expression: return maybe(cast<ExprStmt>(node).expr, visit);
    case Kind::if_:
      maybe(cast<If>(node).condition, visit);
      maybe(cast<If>(node).then, visit);
      return maybe(cast<If>(node).otherwise, visit);
    case Kind::while_:
      maybe(cast<While>(node).condition, visit);
      return maybe(cast<While>(node).body, visit);
    case Kind::for_in:
      maybe(cast<ForIn>(node).variable, visit);
      maybe(cast<ForIn>(node).collection, visit);
      return maybe(cast<ForIn>(node).body, visit);
    case Kind::for_c:
      each(cast<ForC>(node).init, visit);
      maybe(cast<ForC>(node).condition, visit);
      each(cast<ForC>(node).update, visit);
      return maybe(cast<ForC>(node).body, visit);
    case Kind::switch_:
      maybe(cast<Switch>(node).value, visit);
      return each(cast<Switch>(node).cases, visit);
    case Kind::try_:
      maybe(cast<Try>(node).body, visit);
      each(cast<Try>(node).catches, visit);
      return maybe(cast<Try>(node).finally, visit);
    case Kind::throw_: return maybe(cast<Throw>(node).value, visit);
    case Kind::return_: return maybe(cast<Return>(node).value, visit);
    case Kind::assert_:
      maybe(cast<Assert>(node).condition, visit);
      return maybe(cast<Assert>(node).message, visit);
    case Kind::synchronized:
      maybe(cast<Synchronized>(node).lock, visit);
      return maybe(cast<Synchronized>(node).body, visit);
    case Kind::class_statement: return maybe(cast<ClassStatement>(node).declaration, visit);
    case Kind::entry:
      maybe(cast<Entry>(node).key, visit);
      return maybe(cast<Entry>(node).value, visit);
    case Kind::parameter:
      each(cast<Parameter>(node).annotations, visit);
      return maybe(cast<Parameter>(node).value, visit);
    case Kind::annotation: return each(cast<Annotation>(node).members, visit);
    case Kind::declarator: return maybe(cast<Declarator>(node).value, visit);
    case Kind::case_:
      maybe(cast<Case>(node).value, visit);
      return each(cast<Case>(node).statements, visit);
    case Kind::catch_: return maybe(cast<Catch>(node).body, visit);
    case Kind::method:
      each(cast<Method>(node).annotations, visit);
      each(cast<Method>(node).parameters, visit);
      maybe(cast<Method>(node).default_value, visit);
      return maybe(cast<Method>(node).body, visit);
    case Kind::field:
      each(cast<Field>(node).annotations, visit);
      return maybe(cast<Field>(node).value, visit);
    case Kind::initializer: return maybe(cast<Initializer>(node).body, visit);
    case Kind::enum_constant:
      each(cast<EnumConstant>(node).annotations, visit);
      each(cast<EnumConstant>(node).args, visit);
      return maybe(cast<EnumConstant>(node).body, visit);
    case Kind::class_decl:
      each(cast<ClassDecl>(node).annotations, visit);
      each(cast<ClassDecl>(node).constants, visit);
      return each(cast<ClassDecl>(node).members, visit);
  }
}

/// The parts of the unit: imports, methods, body. Classes stand in the body as ClassStatement.
template <class F>
void for_each_part(const Unit& unit, F visit) {
  for (const Import* import : unit.imports) visit(*import);
  for (const Method* method : unit.methods) visit(*method);
  visit(*unit.body);
}

}  // namespace ks::groovy::ast
