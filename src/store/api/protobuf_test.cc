#include "store/api/protobuf.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "base/json.h"
#include "store/schema/builtin.h"

namespace ks::store {
namespace {

void append_varint(std::string& out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>((value & 0x7f) | 0x80);
  out += static_cast<char>(value);
}

/// A field of bytes: a text or a message.
std::string bytes(uint64_t number, std::string_view content) {
  std::string out;
  append_varint(out, number << 3 | 2);
  append_varint(out, content.size());
  return out + std::string(content);
}
std::string number(uint64_t field, uint64_t value) {
  std::string out;
  append_varint(out, field << 3);
  append_varint(out, value);
  return out;
}

std::string body(std::string_view api_version, std::string_view kind, std::string_view object) {
  return std::string("k8s\0", 4) + bytes(1, bytes(1, api_version) + bytes(2, kind)) +
         bytes(2, object) + bytes(3, "") + bytes(4, "");
}

std::string decoded(std::string_view api_version, std::string_view kind, std::string_view object) {
  const Result<json::value> out = decode_protobuf(body(api_version, kind, object), 512);
  return out ? to_json(*out) : out.error().message;
}

TEST(Protobuf, ReadsWhatKubectlWrites) {
  // `kubectl auth can-i create pods` of 1.32.
  const std::string metadata = bytes(1, "") + bytes(2, "") + bytes(3, "") + bytes(4, "") +
                               bytes(5, "") + bytes(6, "") + number(7, 0) + bytes(8, "");
  const std::string attributes = bytes(1, "default") + bytes(2, "create") + bytes(3, "") +
                                 bytes(4, "") + bytes(5, "pods") + bytes(6, "") + bytes(7, "");
  EXPECT_EQ(decoded("authorization.k8s.io/v1", "SelfSubjectAccessReview",
                    bytes(1, metadata) + bytes(2, bytes(1, attributes)) + bytes(3, number(1, 0))),
            R"({"apiVersion":"authorization.k8s.io/v1","kind":"SelfSubjectAccessReview",)"
            R"("metadata":{},"spec":{"resourceAttributes":{"namespace":"default","verb":"create",)"
            R"("resource":"pods"}},"status":{"allowed":false}})");
}

TEST(Protobuf, ReadsMapsBytesAndTimes) {
  const std::string metadata = bytes(1, "s") + bytes(8, number(1, 1'767'323'045) + number(2, 0)) +
                               bytes(11, bytes(1, "a") + bytes(2, "b")) +
                               bytes(11, bytes(1, "empty")) + bytes(14, "one") + bytes(14, "two");
  EXPECT_EQ(decoded("v1", "Secret",
                    bytes(1, metadata) + bytes(2, bytes(1, "key") + bytes(2, "\x01\xff")) +
                        bytes(3, "Opaque")),
            R"({"apiVersion":"v1","kind":"Secret","metadata":{"name":"s",)"
            R"("creationTimestamp":"2026-01-02T03:04:05Z","labels":{"a":"b","empty":""},)"
            R"("finalizers":["one","two"]},"data":{"key":"Af8="},"type":"Opaque"})");
}

TEST(Protobuf, LiftsWhatIsInlinedAndKeepsZerosOfPointersAlone) {
  const std::string volume = bytes(1, "v") + bytes(2, bytes(2, bytes(1, "")));  // emptyDir
  const std::string container = bytes(1, "c") + bytes(2, "image") +
                                bytes(6, bytes(1, "http") + number(2, 0) + number(3, 80)) +
                                bytes(8, bytes(1, bytes(1, "cpu") + bytes(2, bytes(1, "500m")))) +
                                number(16, 0);
  const std::string pod =
      bytes(1, volume) + bytes(2, container) + number(4, 0) + number(11, 0) + bytes(3, "");
  EXPECT_EQ(decoded("v1", "Pod", bytes(2, pod)),
            R"({"apiVersion":"v1","kind":"Pod","spec":{"volumes":[{"name":"v","emptyDir":{}}],)"
            R"("containers":[{"name":"c","image":"image","ports":[{"name":"http",)"
            R"("containerPort":80}],"resources":{"limits":{"cpu":"500m"}}}],)"
            R"("terminationGracePeriodSeconds":0}})");
  const std::string port =
      bytes(1, "p") + number(3, 80) + bytes(4, number(1, 0) + number(2, 0)) + number(5, 0);
  const std::string named = number(3, 81) + bytes(4, number(1, 1) + bytes(3, "web"));
  EXPECT_EQ(decoded("v1", "Service", bytes(2, bytes(1, port) + bytes(1, named))),
            R"({"apiVersion":"v1","kind":"Service","spec":{"ports":[{"name":"p","port":80},)"
            R"({"port":81,"targetPort":"web"}]}})");
}

TEST(Protobuf, ReadsListsInMaps) {
  const std::string extra = bytes(1, "scopes") + bytes(2, bytes(1, "a") + bytes(1, "b"));
  EXPECT_EQ(decoded("authorization.k8s.io/v1", "SubjectAccessReview",
                    bytes(2, bytes(3, "eve") + bytes(5, extra))),
            R"({"apiVersion":"authorization.k8s.io/v1","kind":"SubjectAccessReview",)"
            R"("spec":{"user":"eve","extra":{"scopes":["a","b"]}}})");
}

TEST(Protobuf, ReadsDefinitions) {
  const std::string inner = bytes(5, "string");
  const std::string schema = bytes(5, "object") + bytes(29, bytes(1, "a") + bytes(2, inner)) +
                             bytes(30, number(1, 1) + bytes(2, inner)) +
                             bytes(24, bytes(1, inner)) + bytes(8, bytes(1, R"({"x":1})"));
  const std::string version =
      bytes(1, "v1") + number(2, 1) + number(3, 1) + bytes(4, bytes(1, schema));
  EXPECT_EQ(
      decoded("apiextensions.k8s.io/v1", "CustomResourceDefinition", bytes(2, bytes(7, version))),
      R"({"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition",)"
      R"("spec":{"versions":[{"name":"v1","served":true,"storage":true,"schema":)"
      R"({"openAPIV3Schema":{"type":"object","properties":{"a":{"type":"string"}},)"
      R"("additionalProperties":{"type":"string"},"items":{"type":"string"},)"
      R"("default":{"x":1}}}}]}})");
}

TEST(Protobuf, ReadsOptionsOfAnyGroup) {
  EXPECT_EQ(decoded("apps/v1", "DeleteOptions", number(1, 0) + bytes(4, "Foreground")),
            R"({"apiVersion":"apps/v1","kind":"DeleteOptions","gracePeriodSeconds":0,)"
            R"("propagationPolicy":"Foreground"})");
}

TEST(Protobuf, KnowsTheNumbersOfAllTypes) {
  for (const KindRef& kind : built_in_kinds()) {
    const std::string out =
        decoded(kind->resource.api_version(), kind->resource.kind, bytes(1, bytes(1, "name")));
    EXPECT_TRUE(out.contains(R"("metadata":{"name":"name"})")) << kind->resource.kind << " " << out;
  }
}

TEST(Protobuf, RefusesWhatDoesNotRead) {
  EXPECT_FALSE(decode_protobuf("", 512).ok());
  EXPECT_FALSE(decode_protobuf("k8s", 512).ok());
  EXPECT_FALSE(decode_protobuf("{}", 512).ok());
  EXPECT_FALSE(decode_protobuf(body("example.com/v1", "Widget", ""), 512).ok());
  EXPECT_FALSE(decode_protobuf(body("v1", "Pod", "\x0a\x7f"), 512).ok());
  EXPECT_FALSE(decode_protobuf(body("v1", "Pod", "\x0b"), 512).ok());
  EXPECT_FALSE(decode_protobuf(body("v1", "Pod", std::string(11, '\xff')), 512).ok());
  EXPECT_FALSE(decode_protobuf(body("v1", "Pod", bytes(1, bytes(1, "\xff"))), 512).ok());
  EXPECT_FALSE(decode_protobuf(body("v1", "Pod", bytes(1, bytes(11, bytes(1, "\xff")))), 512).ok());
  EXPECT_FALSE(
      decode_protobuf(body("v1", "Pod", bytes(1, bytes(8, number(1, uint64_t{1} << 62)))), 512)
          .ok());
  std::string deep = bytes(5, "object");
  for (int i = 0; i < 5'000; i++) deep = bytes(28, deep);  // not: {not: {...}}
  EXPECT_TRUE(decoded("apiextensions.k8s.io/v1", "CustomResourceDefinition",
                      bytes(2, bytes(7, bytes(4, bytes(1, deep)))))
                  .contains("nested too deep"));
}

TEST(Protobuf, SurvivesAnyBytes) {
  const std::string good =
      body("v1", "Pod", bytes(1, bytes(1, "n")) + bytes(2, bytes(2, bytes(1, "c"))));
  uint32_t state = 1;
  for (int i = 0; i < 20'000; i++) {
    std::string bad = good;
    for (int flips = 0; flips < 3; flips++) {
      state = state * 1'664'525 + 1'013'904'223;
      bad[4 + (state >> 8) % (bad.size() - 4)] = static_cast<char>(state >> 24);
    }
    const Result<json::value> out = decode_protobuf(bad, 512);
    EXPECT_TRUE(!out.ok() || parse_json(to_json(*out)).ok());
  }
}

}  // namespace
}  // namespace ks::store
