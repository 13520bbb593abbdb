#include "pipeline/lowering.h"

#include <algorithm>
#include <new>
#include <utility>
#include <vector>

#include "groovy/walk.h"

namespace ks::pipeline {
namespace {

namespace ast = groovy::ast;

class Lowering {
 public:
  explicit Lowering(ast::Unit& unit) : unit_(unit) {}

  void pipeline(Pipeline& pipeline) {
    if (pipeline.agent) agent(*pipeline.agent);
    if (pipeline.environment) environment(*pipeline.environment);
    if (pipeline.options) calls(*pipeline.options);
    if (pipeline.parameters) calls(*pipeline.parameters);
    if (pipeline.triggers) calls(*pipeline.triggers);
    if (pipeline.tools) tools(*pipeline.tools);
    if (pipeline.post) post(*pipeline.post);
    if (pipeline.libraries) {
      for (Expression& library : *pipeline.libraries) value(library);
    }
    if (pipeline.stages) stages(*pipeline.stages);
  }

  void replace(ast::Call& call, int64_t number) {
    auto* index = node<ast::Constant>(call);
    index->type = ast::ConstantType::integer;
    index->integer = number;
    auto* list = node<ast::ListLiteral>(call);
    list->items = array(closures_);
    call.args = array<ast::Entry*>({entry(nullptr, index), entry(nullptr, list)});
    call.trailing_closures = 0;
    call.has_parens = true;
  }

 private:
  template <class T>
  T* node(const ast::Node& at) {
    T* made = new (unit_.arena().allocate(sizeof(T), alignof(T))) T();
    made->kind = T::kKind;
    made->begin = at.begin;
    made->end = at.end;
    made->line = at.line;
    made->column = at.column;
    return made;
  }

  template <class T>
  ast::Array<T> array(const std::vector<T>& items) {
    if (items.empty()) return {};
    // NOLINTNEXTLINE(bugprone-sizeof-expression): nodes are copied as the pointers that they are.
    auto* copy = static_cast<T*>(unit_.arena().allocate(items.size() * sizeof(T), alignof(T)));
    std::ranges::copy(items, copy);
    return {copy, items.size()};
  }

  ast::Entry* entry(ast::Expr* key, ast::Expr* value) {
    auto* made = node<ast::Entry>(*value);
    made->key = key;
    made->value = value;
    return made;
  }

  int add(ast::Expr* closure) {
    closures_.push_back(closure);
    return static_cast<int>(closures_.size() - 1);
  }

  /// `{ -> expr }`.
  int delayed(ast::Expr& expr) {
    auto* statement = node<ast::ExprStmt>(expr);
    statement->expr = &expr;
    auto* body = node<ast::Block>(expr);
    body->statements = array<ast::Stmt*>({statement});
    auto* closure = node<ast::Closure>(expr);
    closure->has_arrow = true;
    closure->body = body;
    return add(closure);
  }

  /// The tree belongs to the unit that this may change; the model only reads it.
  static ast::Expr& writable(const ast::Expr& expr) { return const_cast<ast::Expr&>(expr); }

  void value(Expression& value) {
    if (!value.is_literal() && value.expr != nullptr)
      value.closure = delayed(writable(*value.expr));
  }

  void optional_value(std::optional<Expression>& one) {
    if (one) value(*one);
  }

  /// Evaluates to [[name: value], [positional]], so that all arguments of a call come from one
  /// closure.
  void call(Call& call) {
    if (call.args.empty()) return;
    std::vector<ast::Entry*> named;
    std::vector<ast::Expr*> positional;
    const ast::Expr* first = call.args[0].value.expr;
    if (first == nullptr) return;
    for (Argument& argument : call.args) {
      ast::Expr& expr = writable(*argument.value.expr);
      if (argument.name.empty()) {
        positional.push_back(&expr);
        continue;
      }
      auto* key = node<ast::Constant>(expr);
      key->type = ast::ConstantType::string;
      key->text = keep(argument.name);
      named.push_back(entry(key, &expr));
    }
    auto* map = node<ast::MapLiteral>(*first);
    map->entries = array(named);
    auto* list = node<ast::ListLiteral>(*first);
    list->items = array(positional);
    auto* both = node<ast::ListLiteral>(*first);
    both->items = array<ast::Expr*>({map, list});
    call.closure = delayed(*both);
  }

  std::string_view keep(std::string_view text) {
    auto* copy = static_cast<char*>(unit_.arena().allocate(text.size() + 1, 1));
    std::ranges::copy(text, copy);
    return {copy, text.size()};
  }

  void steps(Steps& steps) {
    if (steps.body != nullptr) steps.closure = add(const_cast<ast::Closure*>(steps.body));
  }

  void agent(Agent& agent) {
    optional_value(agent.argument);
    settings(agent.settings);
  }

  void settings(std::vector<AgentSetting>& list) {
    for (AgentSetting& setting : list) {
      value(setting.value);
      settings(setting.nested);
    }
  }

  void environment(Environment& environment) {
    for (EnvironmentEntry& one : environment.entries) {
      if (one.value.expr != nullptr) call_plainly(writable(*one.value.expr));
      value(one.value);
    }
  }

  /// Declarative makes new calls of those in a value, which lose their `?.`: on null they fail.
  static void call_plainly(ast::Node& node) {
    if (auto* call = ast::as<ast::Call>(&node)) call->safe = false;
    if (node.kind == ast::Kind::closure) return;
    groovy::ast::for_each_child(
        node, [](const ast::Node& child) { call_plainly(const_cast<ast::Node&>(child)); });
  }

  void calls(Calls& calls) {
    for (Call& one : calls.list) call(one);
  }

  void tools(Tools& tools) {
    for (Tool& tool : tools.list) value(tool.version);
  }

  void input(Input& input) {
    optional_value(input.message);
    optional_value(input.id);
    optional_value(input.ok);
    optional_value(input.submitter);
    optional_value(input.submitter_parameter);
    if (input.parameters) calls(*input.parameters);
  }

  void condition(Condition& condition) {
    if (condition.expression) {
      condition.closure = add(const_cast<ast::Closure*>(condition.body));
    } else {
      call(condition);
    }
    for (Condition& child : condition.children) this->condition(child);
  }

  void post(Post& post) {
    for (PostCondition& condition : post.conditions) steps(condition.steps);
  }

  void stages(Stages& stages) {
    for (Stage& one : stages.list) stage(one);
  }

  void stage(Stage& stage) {
    if (stage.agent) agent(*stage.agent);
    if (stage.environment) environment(*stage.environment);
    if (stage.options) calls(*stage.options);
    if (stage.tools) tools(*stage.tools);
    if (stage.input) input(*stage.input);
    if (stage.when) {
      for (Condition& one : stage.when->conditions) condition(one);
    }
    if (stage.post) post(*stage.post);
    if (stage.steps) steps(*stage.steps);  // `parallel(a: { })` in it runs as the step that it is
    if (stage.stages) stages(*stage.stages);
    if (stage.parallel) stages(*stage.parallel);
    if (stage.matrix != nullptr) this->stage(stage.matrix->cell);
  }

  ast::Unit& unit_;
  std::vector<ast::Expr*> closures_;
};

}  // namespace

void lower(ast::Unit& unit, const ReadPipeline& pipeline, int64_t number) {
  Lowering lowering(unit);
  lowering.pipeline(*pipeline.model);
  lowering.replace(const_cast<ast::Call&>(*pipeline.call), number);
}

}  // namespace ks::pipeline
