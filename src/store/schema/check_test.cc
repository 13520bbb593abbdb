#include "store/schema/check.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "base/json.h"
#include "store/schema/catalog.h"
#include "store/schema/definition.h"
#include "store/test_schemas.h"

namespace ks::store {
namespace {

using Texts = std::vector<std::string>;

json::value parsed(std::string_view text) { return parse_json(text).value(); }

Texts errors_of(std::string_view schema, std::string_view value) {
  SchemaPool pool;
  return texts(validate(parsed(value), *read_schema(parsed(schema), pool).value()));
}

constexpr std::string_view kPod = R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"},
  "spec":{"containers":[{"name":"c","image":"nginx"}]}})";
constexpr std::string_view kDeployment = R"({"apiVersion":"apps/v1","kind":"Deployment",
  "metadata":{"name":"a"},"spec":{"selector":{"matchLabels":{"app":"a"}},"template":{
  "metadata":{"labels":{"app":"a"}},"spec":{"containers":[{"name":"c","image":"nginx:1.2"}]}}}})";

TEST(Prune, RemovesWhatTheTypeDoesNotKnowAndSaysWhere) {
  json::value pod = parsed(R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"a","colour":1},
    "spec":{"containers":[{"name":"c","imagee":"x"}],"nodeSelector":{"any":"key"}},"specc":{}})");
  EXPECT_EQ(prune(pod, built_in("core.v1.Pod")),
            (Texts{"metadata.colour", "spec.containers[0].imagee", "specc"}));
  EXPECT_EQ(pod, parsed(R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"},
    "spec":{"containers":[{"name":"c"}],"nodeSelector":{"any":"key"}}})"));
}

TEST(Prune, LeavesFreeFormValuesAlone) {
  json::value pod = parsed(R"({"metadata":{"managedFields":[{"manager":"m","fieldsV1":
    {"f:spec":{"f:x":{".":{}}}}}]}})");
  json::value before = pod;
  EXPECT_EQ(prune(pod, built_in("core.v1.Pod")), Texts{});
  EXPECT_EQ(pod, before);
}

TEST(Prune, ReadsNullsAndAmountsAsKubernetesDecoderDoes) {
  json::value pod = parsed(R"({"metadata":{"creationTimestamp":null,"labels":{"a":null}},
    "spec":{"containers":[{"name":"c","resources":{"limits":{"cpu":2,"memory":0.5}}}],"volumes":null}})");
  EXPECT_EQ(prune(pod, built_in("core.v1.Pod")), Texts{});
  EXPECT_EQ(pod, parsed(R"({"metadata":{"labels":{"a":""}},
    "spec":{"containers":[{"name":"c","resources":{"limits":{"cpu":"2","memory":"500m"}}}]}})"));
}

TEST(Prune, KeepsUnknownFieldsWhereTheSchemaAsksForIt) {
  SchemaPool pool;
  const Schema* schema = read_schema(parsed(R"({"type":"object","properties":{
      "open":{"type":"object","x-kubernetes-preserve-unknown-fields":true,
              "properties":{"closed":{"type":"object","properties":{"a":{"type":"string"}}}}},
      "any":{"x-kubernetes-preserve-unknown-fields":true},
      "map":{"type":"object","additionalProperties":{"type":"object"}},
      "embedded":{"type":"object","x-kubernetes-embedded-resource":true}}})"),
                                     pool)
                             .value();
  json::value value = parsed(R"({"open":{"x":1,"closed":{"a":"","b":1}},"any":{"y":[{"z":1}]},
    "map":{"k":{"u":1}},"embedded":{"apiVersion":"v1","kind":"K","metadata":{"name":"n","u":1},"spec":{}}})");
  EXPECT_EQ(prune(value, *schema),
            (Texts{"open.closed.b", "map.k.u", "embedded.metadata.u", "embedded.spec"}));
  EXPECT_EQ(value, parsed(R"({"open":{"x":1,"closed":{"a":""}},"any":{"y":[{"z":1}]},"map":{"k":{}},
    "embedded":{"apiVersion":"v1","kind":"K","metadata":{"name":"n"}}})"));
}

TEST(Prune, TwiceIsAsGoodAsOnce) {
  json::value value = parsed(kDeployment);
  set_at(value, {"spec", "unknown"}, 1);
  prune(value, built_in("apps.v1.Deployment"));
  json::value once = value;
  EXPECT_EQ(prune(value, built_in("apps.v1.Deployment")), Texts{});
  EXPECT_EQ(value, once);
}

TEST(Defaults, OfADeploymentAreThoseOfKubernetes) {
  json::value value = parsed(kDeployment);
  apply_defaults(value, built_in("apps.v1.Deployment"));
  EXPECT_EQ(
      value,
      parsed(
          R"({"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"a","creationTimestamp":null},
    "spec":{"selector":{"matchLabels":{"app":"a"}},"replicas":1,"progressDeadlineSeconds":600,
     "revisionHistoryLimit":10,
     "strategy":{"type":"RollingUpdate","rollingUpdate":{"maxSurge":"25%","maxUnavailable":"25%"}},
     "template":{"metadata":{"labels":{"app":"a"},"creationTimestamp":null},"spec":{"containers":[{"name":"c",
       "image":"nginx:1.2","imagePullPolicy":"IfNotPresent","resources":{},
       "terminationMessagePath":"/dev/termination-log","terminationMessagePolicy":"File"}],
       "dnsPolicy":"ClusterFirst","restartPolicy":"Always","schedulerName":"default-scheduler",
       "securityContext":{},"terminationGracePeriodSeconds":30}}}})"));
}

TEST(Defaults, DependOnTheOtherFields) {
  json::value recreate = parsed(R"({"spec":{"strategy":{"type":"Recreate"}}})");
  apply_defaults(recreate, built_in("apps.v1.Deployment"));
  EXPECT_EQ(find(recreate, {"spec", "strategy", "rollingUpdate"}), nullptr);

  json::value service = parsed(R"({"spec":{"ports":[{"port":80}],"type":"NodePort"}})");
  apply_defaults(service, built_in("core.v1.Service"));
  EXPECT_EQ(find(service, {"spec", "ports"})->at(0),
            parsed(R"({"port":80,"protocol":"TCP","targetPort":80})"));
  EXPECT_EQ(text_at(service, {"spec", "externalTrafficPolicy"}), "Cluster");

  json::value job = parsed(R"({"spec":{"template":{}}})");
  apply_defaults(job, built_in("batch.v1.Job"));
  EXPECT_EQ(int_at(job, {"spec", "completions"}), 1);
  EXPECT_EQ(int_at(job, {"spec", "parallelism"}), 1);
  EXPECT_EQ(int_at(job, {"spec", "backoffLimit"}), 6);
  json::value parallel = parsed(R"({"spec":{"parallelism":3}})");
  apply_defaults(parallel, built_in("batch.v1.Job"));
  EXPECT_EQ(find(parallel, {"spec", "completions"}), nullptr);

  json::value policy = parsed(R"({"spec":{"egress":[{}]}})");
  apply_defaults(policy, built_in("networking.v1.NetworkPolicy"));
  EXPECT_EQ(*find(policy, {"spec", "policyTypes"}), parsed(R"(["Ingress","Egress"])"));
}

TEST(Defaults, APodRequestsWhatItIsLimitedTo) {
  json::value pod = parsed(R"({"spec":{"containers":[{"name":"c","image":"nginx",
    "resources":{"limits":{"cpu":"1","memory":"1Gi"},"requests":{"cpu":"100m"}}}]}})");
  apply_defaults(pod, built_in("core.v1.Pod"));
  const json::value& container = find(pod, {"spec", "containers"})->at(0);
  EXPECT_EQ(*find(container, {"resources", "requests"}),
            parsed(R"({"cpu":"100m","memory":"1Gi"})"));
  EXPECT_EQ(text_at(container, {"imagePullPolicy"}), "Always");
}

TEST(Defaults, OfASchemaFillObjectsThatAreDefaultsThemselves) {
  SchemaPool pool;
  const Schema* schema = read_schema(parsed(R"({"type":"object","properties":{
      "a":{"type":"object","default":{},"properties":{"b":{"type":"integer","default":7}}},
      "n":{"type":"string","default":"x"},
      "kept":{"type":"string","nullable":true,"default":"x"},
      "list":{"type":"array","items":{"type":"object","properties":{"c":{"type":"boolean","default":true}}}}
    }})"),
                                     pool)
                             .value();
  json::value value = parsed(R"({"n":null,"kept":null,"list":[{},{"c":false}]})");
  apply_defaults(value, *schema);
  EXPECT_EQ(value, parsed(R"({"a":{"b":7},"n":"x","kept":null,"list":[{"c":true},{"c":false}]})"));
  json::value once = value;
  apply_defaults(value, *schema);
  EXPECT_EQ(value, once);
}

TEST(Validate, TellsTypesApart) {
  constexpr std::string_view schema = R"({"type":"object","properties":{"spec":{"type":"object",
    "properties":{"x":{"type":"integer"},"l":{"type":"array","items":{"type":"boolean"}},
    "p":{"x-kubernetes-int-or-string":true}}}}})";
  EXPECT_EQ(errors_of(schema, R"({"spec":{"x":"3"}})"),
            (Texts{"spec.x: Invalid value: \"string\": spec.x in body must be of type integer: "
                   "\"string\""}));
  EXPECT_EQ(errors_of(schema, R"({"spec":{"l":[true,null]}})"),
            (Texts{"spec.l[1]: Invalid value: \"null\": spec.l[1] in body must be of type boolean: "
                   "\"null\""}));
  EXPECT_EQ(errors_of(schema, R"({"spec":{"x":1.5,"p":{}}})").size(), 2u);
  EXPECT_EQ(errors_of(schema, R"({"spec":{"x":1.0,"p":"80%","l":[]}})"), Texts{});
}

TEST(Validate, HoldsValuesToTheirConstraints) {
  auto one = [](std::string_view type, std::string_view value) {
    Texts errors = errors_of(R"({"type":"object","properties":{"v":)" + std::string(type) + "}}",
                             R"({"v":)" + std::string(value) + "}");
    return errors.empty() ? std::string() : errors.at(0);
  };
  EXPECT_EQ(one(R"({"type":"string","enum":["a","b"]})", "\"c\""),
            R"(v: Unsupported value: "c": supported values: "a", "b")");
  EXPECT_EQ(one(R"({"type":"string","pattern":"^a+$"})", "\"b\""),
            R"(v: Invalid value: "b": v in body should match '^a+$')");
  EXPECT_NE(one(R"({"type":"string","pattern":"^a$"})", R"("a\n")"), "");
  EXPECT_EQ(one(R"({"type":"integer","minimum":1})", "0"),
            "v: Invalid value: 0: v in body should be greater than or equal to 1");
  EXPECT_EQ(one(R"({"type":"number","maximum":1.5,"exclusiveMaximum":true})", "1.5"),
            "v: Invalid value: 1.5: v in body should be less than 1.5");
  EXPECT_EQ(one(R"({"type":"integer","multipleOf":3})", "4"),
            "v: Invalid value: 4: v in body should be a multiple of 3");
  EXPECT_EQ(one(R"({"type":"string","minLength":2})", "\"é\""),
            R"(v: Invalid value: "é": v in body should be at least 2 chars long)");
  EXPECT_EQ(one(R"({"type":"string","maxLength":1})", "\"é\""), "");
  EXPECT_EQ(one(R"({"type":"string","maxLength":1})", "\"ab\""),
            "v: Too long: may not be more than 1 bytes");
  EXPECT_EQ(one(R"({"type":"array","minItems":1,"items":{}})", "[]"),
            "v: Invalid value: 0: v in body should have at least 1 items");
  EXPECT_EQ(one(R"({"type":"array","maxItems":1,"items":{}})", "[1,2]"),
            "v: Too many: 2: must have at most 1 items");
  EXPECT_EQ(one(R"({"type":"object","minProperties":1,"additionalProperties":{}})", "{}"),
            "v: Invalid value: 0: v in body should have at least 1 properties");
  EXPECT_EQ(one(R"({"type":"string","format":"date-time"})", "\"today\""),
            R"(v: Invalid value: "today": v in body must be of type date-time: "today")");
  EXPECT_EQ(one(R"({"type":"string","format":"date-time"})", "\"2024-02-29T01:02:03Z\""), "");
  EXPECT_NE(one(R"({"type":"integer","format":"int32"})", "3000000000"), "");
  EXPECT_EQ(one(R"({"type":"string","format":"something-else"})", "\"x\""), "");
}

TEST(Validate, NamesWhatIsMissing) {
  EXPECT_EQ(
      errors_of(R"({"type":"object","required":["spec"],"properties":{"spec":{"type":"object"}}})",
                "{}"),
      Texts{"spec: Required value"});
  EXPECT_EQ(errors_of(R"({"type":"object","properties":{"e":{"type":"object",
      "x-kubernetes-embedded-resource":true}}})",
                      R"({"e":{"kind":"K"}})"),
            Texts{"e.apiVersion: Required value: must not be empty"});
}

TEST(Validate, CombinesSchemas) {
  constexpr std::string_view either = R"({"type":"object","properties":{"s":{"type":"object",
     "properties":{"a":{"type":"string"},"b":{"type":"string"}},
     "oneOf":[{"required":["a"]},{"required":["b"]}]}}})";
  EXPECT_EQ(errors_of(either, R"({"s":{"a":""}})"), Texts{});
  EXPECT_EQ(errors_of(either, R"({"s":{"a":"","b":""}})"),
            Texts{R"(<nil>: Invalid value: "": "s" must validate one and only one schema (oneOf). )"
                  "Found 2 valid alternatives"});
  EXPECT_EQ(errors_of(either, R"({"s":{}})").at(0),
            R"(<nil>: Invalid value: "": "s" must validate one and only one schema (oneOf). )"
            "Found none valid");
  EXPECT_EQ(errors_of(R"({"not":{"required":["x"]}})", R"({"x":1})"),
            Texts{R"(<nil>: Invalid value: "": "" must not validate the schema (not))"});
  EXPECT_EQ(errors_of(R"({"anyOf":[{"type":"integer"},{"type":"string"}]})", "true").at(0),
            R"(<nil>: Invalid value: "": "" must validate at least one schema (anyOf))");
  EXPECT_EQ(errors_of(R"({"allOf":[{"type":"integer"},{"minimum":5}]})", "3").size(), 2u);
}

TEST(Validate, ListsOfTypeSetAndMapHaveNoDoubles) {
  EXPECT_EQ(
      errors_of(R"({"type":"array","x-kubernetes-list-type":"set","items":{"type":"string"}})",
                R"(["a","b","a"])"),
      Texts{R"([2]: Duplicate value: "a")"});
  EXPECT_EQ(errors_of(R"({"type":"object","properties":{"l":{"type":"array",
      "x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["k","d"],"items":{"type":"object",
      "properties":{"k":{"type":"string"},"d":{"type":"string","default":"TCP"}}}}}})",
                      R"({"l":[{"k":"a"},{"k":"a","d":"UDP"},{"k":"a","d":"TCP"}]})"),
            Texts{R"(l[2]: Duplicate value: {"k":"a","d":"TCP"})"});
}

TEST(Validate, WorkOnNestedAlternativesIsBounded) {
  std::string schema = R"({"type":"string"})";
  for (int i = 0; i < 24; ++i) {
    schema = R"({"anyOf":[)" + schema + "," + schema + "]}";
    if (schema.size() > 100'000) break;
  }
  std::string items;
  for (int i = 0; i < 20'000; ++i) items += i == 0 ? "1" : ",1";
  Texts errors = errors_of(R"({"items":)" + schema + "}", "[" + items + "]");
  EXPECT_FALSE(errors.empty());
  EXPECT_LE(errors.size(), 100u);
}

TEST(Validate, WorkOnHardPatternsIsBounded) {
  SchemaPool pool;
  const Schema* schema =
      read_schema(parsed(R"({"items":{"type":"string","pattern":"^(a+)+$"}})"), pool).value();
  json::array items(20'000, json::value("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"));
  auto start = std::chrono::steady_clock::now();
  EXPECT_FALSE(validate(json::value(std::move(items)), *schema).empty());
  // Some 25 texts of 30 ms; all of them would take minutes. Sanitizers are slower.
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(60));
}

TEST(Validate, AnUpdateMayKeepWhatWasWrongBefore) {
  SchemaPool pool;
  const Schema* schema = read_schema(parsed(R"({"type":"object","properties":{
     "a":{"type":"string","maxLength":1},"b":{"type":"string","maxLength":1}}})"),
                                     pool)
                             .value();
  json::value old = parsed(R"({"a":"xx"})");
  EXPECT_TRUE(validate_update(parsed(R"({"a":"xx","b":"y"})"), old, *schema).empty());
  EXPECT_EQ(validate_update(parsed(R"({"a":"yy"})"), old, *schema).size(), 1u);
}

TEST(ValidateBuiltIn, TakesWhatKubernetesTakes) {
  for (auto [type, text] : {std::pair{"core.v1.Pod", kPod}, {"apps.v1.Deployment", kDeployment}}) {
    json::value value = parsed(text);
    apply_defaults(value, built_in(type));
    EXPECT_EQ(texts(validate(value, built_in(type))), Texts{}) << type;
  }
}

TEST(ValidateBuiltIn, NamesWhatIsMissing) {
  EXPECT_EQ(texts(validate(parsed(R"({"metadata":{"name":"a"}})"), built_in("apps.v1.Deployment"))),
            (Texts{"spec.selector: Required value", "spec.template: Required value"}));
  EXPECT_EQ(
      texts(validate(parsed(R"({"spec":{"containers":[{"name":""}]}})"), built_in("core.v1.Pod"))),
      Texts{"spec.containers[0].name: Required value"});
  // A status may leave out what is zero.
  EXPECT_EQ(texts(validate(parsed(R"({"status":{"conditions":[{"type":"Ready"}]}})"),
                           built_in("core.v1.Node"))),
            Texts{});
}

TEST(ValidateBuiltIn, HoldsFieldsToWhatIsAllowed) {
  EXPECT_EQ(texts(validate(parsed(R"({"spec":{"type":"Foo","ports":[{"port":70000}]}})"),
                           built_in("core.v1.Service"))),
            (Texts{R"(spec.type: Unsupported value: "Foo": supported values: "ClusterIP", )"
                   R"("ExternalName", "LoadBalancer", "NodePort")",
                   "spec.ports[0].port: Invalid value: 70000: must be between 1 and 65535, "
                   "inclusive"}));
}

TEST(ValidateBuiltIn, NamesInOnePodAreDifferent) {
  json::value job = parsed(R"({"spec":{"template":{"spec":{"containers":[{"name":"a",
    "env":[{"name":"E"},{"name":"E"}]},{"name":"a"}]}}}})");
  EXPECT_EQ(texts(validate(job, built_in("batch.v1.Job"))),
            (Texts{"spec.template.spec.containers[1].name: Duplicate value: \"a\""}));
}

TEST(ValidateBuiltIn, RefusesToChangeWhatMayNotChange) {
  json::value old = parsed(kDeployment), next = old;
  set_at(next, {"spec", "selector", "matchLabels", "app"}, "b");
  set_at(next, {"spec", "template", "metadata", "labels", "app"}, "b");
  EXPECT_EQ(
      texts(validate_update(next, old, built_in("apps.v1.Deployment"))),
      (Texts{R"(spec.selector: Invalid value: {"matchLabels":{"app":"b"}}: field is immutable)"}));
}

TEST(DecodingFault, SpeaksAsKubernetesDecoder) {
  const Schema& deployment = built_in("apps.v1.Deployment");
  EXPECT_EQ(decoding_fault(parsed(kDeployment), deployment), "");
  EXPECT_EQ(decoding_fault(parsed(R"({"spec":{"replicas":"3"}})"), deployment),
            "json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of "
            "type int32");
  EXPECT_EQ(decoding_fault(parsed(R"({"spec":{"replicas":3000000000}})"), deployment),
            "json: cannot unmarshal number 3000000000 into Go struct field "
            "DeploymentSpec.spec.replicas of type int32");
  EXPECT_EQ(decoding_fault(
                parsed(R"({"spec":{"template":{"spec":{"containers":[{"env":[{"value":1}]}]}}}})"),
                deployment),
            "json: cannot unmarshal number into Go struct field "
            "EnvVar.spec.template.spec.containers.env.value of type string");
  EXPECT_EQ(
      decoding_fault(parsed(R"({"spec":{"template":{"spec":{"containers":{}}}}})"), deployment),
      "json: cannot unmarshal object into Go struct field "
      "PodSpec.spec.template.spec.containers of type []v1.Container");
  EXPECT_EQ(decoding_fault(parsed(R"({"metadata":{"labels":{"a":1}}})"), deployment),
            "json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type "
            "string");
}

TEST(DecodingFault, KnowsAmountsTimesAndBytes) {
  EXPECT_EQ(
      decoding_fault(parsed(R"({"spec":{"containers":[{"resources":{"limits":{"cpu":"lots"}}}]}})"),
                     built_in("core.v1.Pod")),
      "quantities must match the regular expression "
      "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'");
  EXPECT_EQ(decoding_fault(parsed(R"({"metadata":{"creationTimestamp":"now"}})"),
                           built_in("core.v1.Pod")),
            R"(parsing time "now" as "2006-01-02T15:04:05Z07:00": cannot parse "now" as "2006")");
  EXPECT_EQ(decoding_fault(parsed(R"({"data":{"a":"b!"}})"), built_in("core.v1.Secret")),
            "illegal base64 data at input byte 1");
  EXPECT_EQ(
      decoding_fault(
          parsed(R"({"spec":{"containers":[{"resources":{"limits":{"cpu":0.5,"memory":"1e3"}}}],
      "volumes":null}})"),
          built_in("core.v1.Pod")),
      "");
}

}  // namespace
}  // namespace ks::store
