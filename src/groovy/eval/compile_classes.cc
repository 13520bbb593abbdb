#include <algorithm>

#include "groovy/eval/compiler.h"

namespace ks::groovy {

namespace {

ClassKind kind_of(ast::ClassKind kind) {
  switch (kind) {
    case ast::ClassKind::class_: return ClassKind::class_;
    case ast::ClassKind::interface: return ClassKind::interface;
    case ast::ClassKind::enum_: return ClassKind::enum_;
    case ast::ClassKind::trait: return ClassKind::trait;
    case ast::ClassKind::annotation: return ClassKind::annotation;
  }
  return ClassKind::class_;
}

const ast::Annotation* annotated(ast::Array<ast::Annotation*> annotations, std::string_view name) {
  for (const ast::Annotation* each : annotations) {
    if (each->name == name || each->name.ends_with("." + std::string(name))) return each;
  }
  return nullptr;
}

}  // namespace

Compiler::Compiler(const ast::Unit& unit, const CompileOptions& options)
    : unit_(unit), options_(options), program_(std::make_shared<Program>()) {}

void Compiler::error(const ast::Node& at, std::string message) {
  errors_.push_back(CompileError{std::move(message), at.line, at.column});
}

void Compiler::check_annotations(ast::Array<ast::Annotation*> annotations) {
  static constexpr std::string_view kRefused[] = {
      "ASTTest",     "AnnotationCollector", "Grab",  "GrabConfig",
      "GrabExclude", "GrabResolver",        "Grapes"};
  for (const ast::Annotation* each : annotations) {
    std::string_view simple = each->name.substr(each->name.rfind('.') + 1);
    if (std::find(std::begin(kRefused), std::end(kRefused), simple) != std::end(kRefused)) {
      error(*each, "Annotation " + std::string(simple) + " cannot be used in the sandbox.");
    }
  }
}

std::unique_ptr<ClassDef> Compiler::make_def(const ast::ClassDecl& decl, const std::string& name) {
  auto def = std::make_unique<ClassDef>();
  def->name = name;
  def->kind = kind_of(decl.class_kind);
  def->is_abstract = (decl.modifiers & ast::kAbstract) != 0;
  def->is_static = (decl.modifiers & ast::kStatic) != 0 || def->kind == ClassKind::interface ||
                   def->kind == ClassKind::enum_ || def->kind == ClassKind::annotation;
  def->line = decl.line;
  def->file = program_->file;
  return def;
}

void Compiler::declare_class(const ast::ClassDecl& decl, ClassScope* outer,
                             const std::string& prefix) {
  auto scope = std::make_unique<ClassScope>();
  scope->outer = outer;
  scope->decl = &decl;
  auto def = make_def(decl, prefix + std::string(decl.name));
  if (outer != nullptr) def->outer = outer->def;
  if (outer == nullptr) def->is_static = true;
  scope->def = def.get();
  if (!by_full_name_.emplace(def->name, scope.get()).second) {
    error(decl, "Invalid duplicate class definition of class " + def->name + " ");
  }
  by_decl_[&decl] = scope.get();
  ClassScope* raw = scope.get();
  program_->classes.push_back(std::move(def));
  class_scopes_.push_back(std::move(scope));
  for (const ast::ClassDecl* inner : decl.inner) declare_class(*inner, raw, raw->def->name + "$");
}

Compiled Compiler::run() {
  program_->script_name = options_.script_name;
  program_->file = options_.file.empty() ? options_.script_name + ".groovy" : options_.file;
  std::string package = unit_.package.empty() ? "" : std::string(unit_.package) + ".";
  for (const ast::Import* import : unit_.imports) check_annotations(import->annotations);
  check_annotations(unit_.package_annotations);
  for (const ast::ClassDecl* decl : unit_.classes) declare_class(*decl, nullptr, package);

  auto script_def = std::make_unique<ClassDef>();
  script_def->name = package + options_.script_name;
  script_def->kind = ClassKind::script;
  script_def->is_static = true;
  script_def->file = program_->file;
  script_def->super.known = types().script;
  auto script_scope = std::make_unique<ClassScope>();
  script_scope->def = script_def.get();
  program_->script = script_def.get();
  program_->classes.push_back(std::move(script_def));
  class_scopes_.push_back(std::move(script_scope));
  ClassScope& script = *class_scopes_.back();

  size_t named = class_scopes_.size() - 1;
  for (size_t i = 0; i < named; ++i) compile_class(*class_scopes_[i]);
  compile_script(script);

  bool has_statement = !unit_.methods.empty();
  for (const ast::Stmt* each : unit_.body->statements) {
    has_statement = has_statement || each->kind != ast::Kind::class_statement;
  }
  program_->only_classes = !has_statement && !unit_.classes.empty();
  std::stable_sort(errors_.begin(), errors_.end(),
                   [](const CompileError& a, const CompileError& b) {
                     return a.line != b.line ? a.line < b.line : a.column < b.column;
                   });
  if (!errors_.empty()) return Compiled{nullptr, std::move(errors_)};
  return Compiled{std::move(program_), {}};
}

void Compiler::compile_class(ClassScope& scope) {
  const ast::ClassDecl& decl = *scope.decl;
  ClassDef& def = *scope.def;
  // The class itself does not see its own inner classes in its extends clause, but its outer ones'.
  if (decl.superclass != nullptr) {
    def.super = type(decl.superclass, scope.outer);
    def.super_arguments = type_arguments(*decl.superclass, def.super, scope);
  }
  for (const ast::TypeRef* each : decl.interfaces) {
    def.interfaces.push_back(type(each, scope.outer));
    def.interface_arguments.push_back(type_arguments(*each, def.interfaces.back(), scope));
  }
  for (const ast::TypeParameter& each : decl.type_parameters)
    def.type_variables.emplace_back(each.name);
  compile_members(scope);
}

void Compiler::compile_members(ClassScope& scope) {
  const ast::ClassDecl& decl = *scope.decl;
  check_annotations(decl.annotations);
  ClassDef& def = *scope.def;
  for (const ast::Field* field : decl.fields) add_field(scope, *field);
  for (const ast::Annotation* each : decl.annotations) {
    if (is_of_package(*each, "groovy.util.logging")) add_logger(scope, *each);
  }
  for (const ast::EnumConstant* constant : decl.constants)
    scope.fields[std::string(constant->name)] = true;
  for (const ast::Method* method : decl.methods) {
    auto& list = method->constructor ? def.constructors : def.methods;
    list.push_back(compile_method(scope, *method));
  }
  compile_enum_constants(scope);
  compile_initializers(scope, false);
  compile_initializers(scope, true);
}

void Compiler::add_field(ClassScope& scope, const ast::Field& field) {
  check_annotations(field.annotations);
  FieldDef def;
  def.name = std::string(field.name);
  def.type = type(field.type, &scope);
  bool interface = scope.def->kind == ClassKind::interface;
  def.is_static = (field.modifiers & ast::kStatic) != 0 || interface;
  def.is_final = (field.modifiers & ast::kFinal) != 0 || interface;
  def.is_property = field.is_property() && !interface;
  def.is_private = (field.modifiers & ast::kPrivate) != 0;
  scope.fields[def.name] = def.is_static;
  scope.def->fields.push_back(std::move(def));
}

bool Compiler::is_of_package(const ast::Annotation& annotation, std::string_view package) const {
  const std::string full = std::string(package) + ".";
  if (annotation.name.starts_with(full)) return true;
  return std::ranges::any_of(unit_.imports, [&](const ast::Import* import) {
    if (import->is_static) return false;
    return import->star ? import->name == package
                        : import->alias == annotation.name && import->name.starts_with(full);
  });
}

void Compiler::add_logger(ClassScope& scope, const ast::Annotation& annotation) {
  FieldDef def;
  def.name = "log";
  for (const ast::Entry* member : annotation.members) {
    const auto* text = ast::as<ast::Constant>(member->value);
    if (member->name() == "value" && text != nullptr) def.name = std::string(text->text);
  }
  def.type.known = library_class("java.util.logging.Logger");
  def.type.written = true;
  def.is_static = true;
  def.is_final = true;
  def.is_private = true;
  scope.fields[def.name] = true;
  scope.logger = static_cast<uint32_t>(scope.def->fields.size());
  scope.def->fields.push_back(std::move(def));
}

void Compiler::compile_enum_constants(ClassScope& scope) {
  if (scope.decl->constants.empty()) return;
  FunctionScope& f = *functions_.emplace_back(std::make_unique<FunctionScope>());
  Code unused;
  unused.class_name = scope.def->name;
  unused.name = "<clinit>";
  f.cls = &scope;
  f.code = &unused;
  f.is_static = true;
  f.open();
  for (const ast::EnumConstant* each : scope.decl->constants) {
    EnumConstant constant;
    constant.name = std::string(each->name);
    Arguments args = arguments(each->args, f);
    constant.arguments = std::move(args.values);
    if (each->body != nullptr) {
      constant.body = make_def(
          *each->body, scope.def->name + "$" + std::to_string(scope.def->constants.size() + 1));
      constant.body->outer = scope.def;
      constant.body->kind = ClassKind::class_;
      auto inner = std::make_unique<ClassScope>();
      inner->outer = &scope;
      inner->decl = each->body;
      inner->def = constant.body.get();
      constant.body->super.name = scope.def->name;
      constant.body->super.written = true;
      class_scopes_.push_back(std::move(inner));
      compile_members(*class_scopes_.back());
    }
    scope.def->constants.push_back(std::move(constant));
  }
  f.close();
}

void Compiler::compile_initializers(ClassScope& scope, bool for_statics) {
  auto code = std::make_unique<Code>();
  code->name = for_statics ? "<clinit>" : "<init>";
  code->class_name = scope.def->name;
  code->file = program_->file;
  code->returns_value = false;
  FunctionScope& f = *functions_.emplace_back(std::make_unique<FunctionScope>());
  f.cls = &scope;
  f.code = code.get();
  f.is_static = for_statics;
  f.open();
  auto body = std::make_unique<BlockStatement>();
  if (for_statics && scope.logger) {
    auto logger = make<StaticCallNode>(*scope.decl);
    logger->type = scope.def->fields[*scope.logger].type;
    logger->name = &name("getLogger");
    logger->arguments.values.push_back(string_constant(scope.def->name));
    auto statement = make<FieldStatement>(*scope.decl);
    statement->field = *scope.logger;
    statement->is_static = true;
    statement->type = logger->type;
    statement->value = std::move(logger);
    body->statements.push_back(std::move(statement));
  }
  uint32_t index = 0;
  for (const ast::Field* field : scope.decl->fields) {
    const FieldDef& def = scope.def->fields[index];
    if (def.is_static == for_statics) add_field_initializer(f, *body, *field, index);
    ++index;
  }
  for (const ast::Initializer* each : scope.decl->initializers) {
    if (each->is_static == for_statics) body->statements.push_back(block(each->body, f));
  }
  f.close();
  bool empty = body->statements.empty();
  code->body = std::move(body);
  if (empty) return;
  (for_statics ? scope.def->static_initializer : scope.def->initializer) = std::move(code);
}

void Compiler::add_field_initializer(FunctionScope& f, BlockStatement& body,
                                     const ast::Field& field, uint32_t index) {
  const FieldDef& def = f.cls->def->fields[index];
  bool has_zero = def.type.known != nullptr && def.type.known->primitive != Kind::null &&
                  def.type.dimensions == 0;
  if (field.value == nullptr && !has_zero) return;
  auto statement = make<FieldStatement>(field);
  statement->field = index;
  statement->is_static = def.is_static;
  statement->type = def.type;
  if (field.value != nullptr) statement->value = expr(field.value, f);
  body.statements.push_back(std::move(statement));
}

void Compiler::compile_parameters(FunctionScope& f, ast::Array<ast::Parameter*> parameters) {
  Code& code = *f.code;
  code.parameters.reserve(parameters.size());  // nodes keep addresses of their flags
  for (const ast::Parameter* each : parameters) {
    Parameter& to = code.parameters.emplace_back();
    to.name = std::string(each->name);
    to.type = type(each->type, f.cls);
    if (each->type != nullptr && f.cls->decl != nullptr) {
      const ast::TypeParameter* variable = type_variable(each->type->name, f.cls);
      for (const ast::TypeParameter& own : f.cls->decl->type_parameters) {
        if (variable == &own) to.type_variable = std::string(own.name);
      }
    }
    if (each->varargs) {
      if (to.type.written) {
        ++to.type.dimensions;
      } else {
        to.type.known = types().object;
        to.type.written = true;
        to.type.dimensions = 1;
      }
    }
    if (each->value != nullptr) to.initial = expr(each->value, f);
    LocalVariable& variable = f.declare(each->name, to.type);
    to.slot = variable.slot;
    variable.follow(to.boxed);
  }
  // Groovy treats any last array parameter as variable arguments.
  if (!code.parameters.empty()) code.varargs = code.parameters.back().type.dimensions > 0;
}

std::unique_ptr<MethodDef> Compiler::compile_method(ClassScope& scope, const ast::Method& method) {
  check_annotations(method.annotations);
  auto def = std::make_unique<MethodDef>();
  def->name = std::make_unique<Name>(method.constructor ? "<init>" : method.name);
  def->is_static = (method.modifiers & ast::kStatic) != 0;
  def->is_abstract = method.body == nullptr;
  def->is_private = (method.modifiers & ast::kPrivate) != 0;
  Code& code = def->code;
  code.name = def->name->text;
  code.class_name = scope.def->name;
  code.file = program_->file;
  code.line = method.line;
  FunctionScope& f = *functions_.emplace_back(std::make_unique<FunctionScope>());
  f.cls = &scope;
  f.code = &code;
  f.is_static = def->is_static;
  f.open();
  methods_.push_back(&method);
  compile_parameters(f, method.parameters);
  code.result = type(method.return_type, &scope);
  code.returns_value =
      !method.constructor && !(code.result.known == types().p_void && code.result.dimensions == 0);
  code.body = code.returns_value ? body(method.body, f) : block(method.body, f);
  methods_.pop_back();
  f.close();
  return def;
}

const ClassDef* Compiler::compile_anonymous(const ast::ClassDecl& decl, FunctionScope& around) {
  ClassScope& outer = *around.cls;
  auto owned = make_def(decl, outer.def->name + "$" + std::to_string(++anonymous_count_));
  ClassDef& def = *owned;
  def.is_anonymous = true;
  def.is_static = around.is_static;
  def.outer = outer.def;
  auto scope = std::make_unique<ClassScope>();
  scope->outer = &outer;
  scope->around = &around;
  scope->decl = &decl;
  scope->def = &def;
  ClassScope& inside = *scope;
  class_scopes_.push_back(std::move(scope));
  outer.def->anonymous.push_back(std::move(owned));
  if (decl.superclass != nullptr) def.super = type(decl.superclass, &outer);
  for (const ast::TypeRef* each : decl.interfaces) def.interfaces.push_back(type(each, &outer));
  compile_members(inside);
  return &def;
}

void Compiler::declare_script_fields(ClassScope& scope) {
  for (const ast::Stmt* each : unit_.body->statements) {
    const auto* line = ast::as<ast::ExprStmt>(each);
    const auto* decl = line == nullptr ? nullptr : ast::as<ast::Declaration>(line->expr);
    if (decl == nullptr || annotated(decl->annotations, "Field") == nullptr) continue;
    for (const ast::Declarator* variable : decl->declarators) {
      FieldDef field;
      field.name = std::string(variable->name);
      field.type = type(variable->type, &scope);
      field.is_property = false;
      field.is_static = (decl->modifiers & ast::kStatic) != 0;
      scope.fields[field.name] = field.is_static;
      scope.def->fields.push_back(std::move(field));
    }
  }
}

void Compiler::compile_script(ClassScope& scope) {
  declare_script_fields(scope);
  for (const ast::Method* method : unit_.methods)
    scope.def->methods.push_back(compile_method(scope, *method));

  auto initializer = std::make_unique<Code>();
  initializer->name = "<init>";
  initializer->class_name = scope.def->name;
  initializer->file = program_->file;
  initializer->returns_value = false;
  FunctionScope& init = *functions_.emplace_back(std::make_unique<FunctionScope>());
  init.cls = &scope;
  init.code = initializer.get();
  init.open();
  auto init_body = std::make_unique<BlockStatement>();
  uint32_t index = 0;
  for (const ast::Stmt* each : unit_.body->statements) {
    const auto* line = ast::as<ast::ExprStmt>(each);
    const auto* decl = line == nullptr ? nullptr : ast::as<ast::Declaration>(line->expr);
    if (decl == nullptr || annotated(decl->annotations, "Field") == nullptr) continue;
    for (const ast::Declarator* variable : decl->declarators) {
      if (variable->value != nullptr) {
        auto statement = make<FieldStatement>(*decl);
        statement->field = index;
        statement->is_static = scope.def->fields[index].is_static;
        statement->type = scope.def->fields[index].type;
        statement->value = expr(variable->value, init);
        init_body->statements.push_back(std::move(statement));
      }
      ++index;
    }
  }
  init.close();
  if (!init_body->statements.empty()) {
    initializer->body = std::move(init_body);
    scope.def->initializer = std::move(initializer);
  }

  auto run = std::make_unique<MethodDef>();
  run->name = std::make_unique<Name>("run");
  run->code.name = "run";
  run->code.class_name = scope.def->name;
  run->code.file = program_->file;
  run->code.line = 1;
  FunctionScope& f = *functions_.emplace_back(std::make_unique<FunctionScope>());
  f.cls = &scope;
  f.code = &run->code;
  f.open();
  run->code.body = returning_list(unit_.body->statements, f, false);
  f.close();
  scope.def->methods.push_back(std::move(run));
}

Compiled compile(const ast::Unit& unit, const CompileOptions& options) {
  return Compiler(unit, options).run();
}

}  // namespace ks::groovy
