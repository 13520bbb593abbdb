#include "store/lifecycle/lifecycle.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "base/json.h"
#include "store/lifecycle/deletion.h"
#include "store/test_objects.h"

namespace ks::store {
namespace {

/// A store with a life of its own, and objects built from a line each.
class Server {
 public:
  explicit Server(const Lifecycle::Options& options = {})
      : lifecycle_(*store_.store, options), clock_(*options.clock) {
    lifecycle_.start();
  }

  /// `at` is resource/namespace/name; `more` are members of metadata.
  std::string create(const std::string& at, const std::string& more = "",
                     const std::string& rest = "") {
    const Key key = key_of(at);
    const std::string uid = "uid-" + std::to_string(++count_);
    Draft draft{.key = key, .uid = uid};
    draft.json = R"({"apiVersion":"v1","kind":")" + kind_of(key.resource) +
                 R"(","metadata":{"name":")" + key.name + R"(","uid":")" + uid +
                 R"(","resourceVersion":")" + std::string(revision_mark()) + "\"" +
                 (more.empty() ? "" : "," + more) + "}" + (rest.empty() ? "" : "," + rest) + "}";
    const Result<ObjectRef> made = store_->create(std::move(draft));
    EXPECT_TRUE(made.ok()) << made.error().message;
    return uid;
  }
  void create_namespace(const std::string& name) {
    create("namespaces//" + name, "",
           R"("spec":{"finalizers":["kubernetes"]},"status":{"phase":"Active"})");
  }
  Result<Deletion> remove(const std::string& at,
                          Propagation propagation = Propagation::background) {
    return delete_object(*store_.store, {.key = key_of(at), .propagation = propagation}, clock_);
  }
  json::value get(const std::string& at) {
    const ObjectRef object = store_->get(key_of(at));
    return object == nullptr ? json::value() : parse_json(*object->json).value();
  }
  bool has(const std::string& at) { return store_->get(key_of(at)) != nullptr; }
  void drop_finalizer(const std::string& at, std::string_view finalizer) {
    EXPECT_TRUE(edit_object(*store_.store, key_of(at), [&](json::value& object) -> Result<bool> {
                  return take_finalizer(object, "metadata", finalizer);
                }).ok());
  }
  void settle() { EXPECT_TRUE(lifecycle_.settle()); }
  Lifecycle& lifecycle() { return lifecycle_; }
  Store& store() { return *store_.store; }

 private:
  static Key key_of(const std::string& at) {
    const size_t first = at.find('/'), second = at.find('/', first + 1);
    return {at.substr(0, first), at.substr(first + 1, second - first - 1), at.substr(second + 1)};
  }
  static std::string kind_of(const std::string& resource) {
    return resource == "namespaces" ? "Namespace" : "Pod";
  }

  Opened store_;
  Lifecycle lifecycle_;
  const Clock& clock_;
  int count_ = 0;
};

std::string owned_by(const std::vector<std::string>& owners, bool blocks = false) {
  std::string refs;
  for (const std::string& owner : owners) {
    const size_t colon = owner.find(':');
    refs += std::string(refs.empty() ? "" : ",") + R"({"apiVersion":"v1","kind":"Pod","name":")" +
            owner.substr(0, colon) + R"(","uid":")" + owner.substr(colon + 1) +
            R"(","blockOwnerDeletion":)" + (blocks ? "true" : "false") + "}";
  }
  return R"("ownerReferences":[)" + refs + "]";
}

TEST(GarbageCollection, AnObjectGoesAfterItsOwnerAndSoDoThoseBelow) {
  Server server;
  const std::string a = server.create("pods/x/a");
  const std::string b = server.create("pods/x/b", owned_by({"a:" + a}));
  server.create("pods/x/c", owned_by({"b:" + b}));
  server.settle();
  EXPECT_TRUE(server.has("pods/x/c"));
  EXPECT_TRUE(server.remove("pods/x/a")->removed);
  server.settle();
  EXPECT_FALSE(server.has("pods/x/b"));
  EXPECT_FALSE(server.has("pods/x/c"));
}

TEST(GarbageCollection, AnOwnerThatNeverWasIsAnOwnerThatIsGone) {
  Server server;
  server.create("pods/x/b", owned_by({"a:no-such-uid"}));
  const std::string elsewhere = server.create("pods/y/a");
  server.create("pods/x/c", owned_by({"a:" + elsewhere}));
  server.settle();
  EXPECT_FALSE(server.has("pods/x/b"));
  EXPECT_FALSE(server.has("pods/x/c")) << "its owner is in another namespace";
  EXPECT_TRUE(server.has("pods/y/a"));
}

TEST(GarbageCollection, OwnersOfKindsThatNobodyServesAreLeftAlone) {
  Server server(
      {.knows_kind = [](std::string_view, std::string_view kind) { return kind != "Pod"; }});
  server.create("pods/x/b", owned_by({"a:no-such-uid"}));
  server.settle();
  EXPECT_TRUE(server.has("pods/x/b"));
}

TEST(GarbageCollection, OneLivingOwnerIsEnoughAndTheOthersAreForgotten) {
  Server server;
  const std::string a = server.create("pods/x/a"), b = server.create("pods//b");
  server.create("pods/x/c", owned_by({"a:" + a, "b:" + b}));
  ASSERT_TRUE(server.remove("pods/x/a").ok());
  server.settle();
  const json::value c = server.get("pods/x/c");
  ASSERT_TRUE(c.is_object());
  EXPECT_EQ(to_json(*find(c, {"metadata", "ownerReferences"})),
            R"([{"apiVersion":"v1","kind":"Pod","name":"b","uid":")" + b +
                R"(","blockOwnerDeletion":false}])");
}

TEST(GarbageCollection, AForegroundDeletionWaitsForThoseWhoBlockIt) {
  Server server;
  const std::string a = server.create("pods/x/a");
  const std::string b =
      server.create("pods/x/b", owned_by({"a:" + a}, true) + R"(,"finalizers":["mine/hold"])");
  server.create("pods/x/c", owned_by({"b:" + b}, true));
  EXPECT_FALSE(server.remove("pods/x/a", Propagation::foreground)->removed);
  server.settle();
  EXPECT_FALSE(server.has("pods/x/c"));
  ASSERT_TRUE(server.has("pods/x/a"));
  EXPECT_FALSE(text_at(server.get("pods/x/a"), {"metadata", "deletionTimestamp"}).empty());
  EXPECT_FALSE(text_at(server.get("pods/x/b"), {"metadata", "deletionTimestamp"}).empty());
  server.drop_finalizer("pods/x/b", "mine/hold");
  server.settle();
  EXPECT_FALSE(server.has("pods/x/b"));
  EXPECT_FALSE(server.has("pods/x/a"));
}

TEST(GarbageCollection, AForegroundDeletionDoesNotWaitForOthers) {
  Server server;
  const std::string a = server.create("pods/x/a");
  server.create("pods/x/b", owned_by({"a:" + a}, false) + R"(,"finalizers":["mine/hold"])");
  ASSERT_TRUE(server.remove("pods/x/a", Propagation::foreground).ok());
  server.settle();
  EXPECT_FALSE(server.has("pods/x/a"));
  EXPECT_FALSE(text_at(server.get("pods/x/b"), {"metadata", "deletionTimestamp"}).empty());
}

TEST(GarbageCollection, OrphansStayAndForgetTheirOwner) {
  Server server;
  const std::string a = server.create("pods/x/a");
  for (int i = 0; i < 20; i++) server.create("pods/x/b" + std::to_string(i), owned_by({"a:" + a}));
  EXPECT_FALSE(server.remove("pods/x/a", Propagation::orphan)->removed);
  server.settle();
  EXPECT_FALSE(server.has("pods/x/a"));
  for (int i = 0; i < 20; i++) {
    const json::value b = server.get("pods/x/b" + std::to_string(i));
    ASSERT_TRUE(b.is_object());
    EXPECT_EQ(find(b, {"metadata", "ownerReferences"}), nullptr);
  }
}

TEST(GarbageCollection, ObjectsThatOwnEachOtherDoNotHoldEachOther) {
  for (Propagation propagation : {Propagation::foreground, Propagation::background}) {
    Server server;
    const std::string a = server.create("pods/x/a");
    const std::string b = server.create("pods/x/b", owned_by({"a:" + a}, true));
    const json::value back = parse_json("{" + owned_by({"b:" + b}, true) + "}").value();
    ASSERT_TRUE(
        edit_object(server.store(), {"pods", "x", "a"}, [&](json::value& object) -> Result<bool> {
          set_at(object, {"metadata", "ownerReferences"}, *find(back, {"ownerReferences"}));
          return true;
        }).ok());
    server.settle();
    EXPECT_TRUE(server.has("pods/x/a") && server.has("pods/x/b"));
    ASSERT_TRUE(server.remove("pods/x/a", propagation).ok());
    server.settle();
    EXPECT_FALSE(server.has("pods/x/a"));
    EXPECT_FALSE(server.has("pods/x/b"));
  }
}

TEST(GarbageCollection, FollowsWhatWasThereBeforeItStarted) {
  Opened store;
  Draft left = draft("left");
  left.json = R"({"metadata":{"name":"left","uid":"u","resourceVersion":")" +
              std::string(revision_mark()) + "\"," + owned_by({"a:gone"}) + "}}";
  ASSERT_TRUE(store->create(left).ok());
  Lifecycle lifecycle(*store.store, {});
  lifecycle.start();
  EXPECT_TRUE(lifecycle.settle());
  EXPECT_EQ(store->get(key("left")), nullptr);
}

TEST(Deletion, PreconditionsAndDryRuns) {
  Server server;
  const std::string uid = server.create("pods/x/a");
  const Key key{"pods", "x", "a"};
  EXPECT_EQ(
      delete_object(server.store(), {.key = key, .uid = "other"}, system_clock()).error().code,
      Code::conflict);
  EXPECT_EQ(delete_object(server.store(), {.key = key, .revision = 1}, system_clock()).error().code,
            Code::conflict);
  EXPECT_TRUE(
      delete_object(server.store(), {.key = key, .uid = uid, .dry_run = true}, system_clock())
          ->removed);
  EXPECT_TRUE(server.has("pods/x/a"));
  EXPECT_TRUE(server.remove("pods/x/a")->removed);
  EXPECT_EQ(server.remove("pods/x/a").error().code, Code::not_found);
}

TEST(Deletion, FinalizersHoldAnObjectAndTheLastOneLetsItGo) {
  Server server;
  server.create("pods/x/a", R"("generation":1,"finalizers":["one/x","two/x"])");
  EXPECT_FALSE(server.remove("pods/x/a")->removed);
  const json::value marked = server.get("pods/x/a");
  EXPECT_EQ(int_at(marked, {"metadata", "generation"}), 2);
  EXPECT_EQ(int_at(marked, {"metadata", "deletionGracePeriodSeconds"}, -1), 0);
  const uint64_t revision = server.store().revision();
  EXPECT_FALSE(server.remove("pods/x/a")->removed);
  EXPECT_EQ(server.store().revision(), revision) << "a second deletion changes nothing";
  server.drop_finalizer("pods/x/a", "one/x");
  EXPECT_TRUE(server.has("pods/x/a"));
  server.drop_finalizer("pods/x/a", "two/x");
  EXPECT_FALSE(server.has("pods/x/a"));
}

TEST(NamespaceDeletion, EmptiesItAndOnlyIt) {
  Server server;
  server.create_namespace("x");
  server.create_namespace("x-2");
  for (int i = 0; i < 700; i++) server.create("pods/x/p" + std::to_string(i));
  server.create("widgets.example.com/x/w");
  server.create("pods/x-2/p");
  server.create("pods//cluster-wide");
  EXPECT_FALSE(server.remove("namespaces//x")->removed);
  server.settle();
  EXPECT_FALSE(server.has("namespaces//x"));
  EXPECT_EQ(server.store().size(), 3u);
}

TEST(NamespaceDeletion, SaysWhatItWaitsForAndGoesOnByItself) {
  Server server;
  server.create_namespace("x");
  server.create("pods/x/held", R"("finalizers":["mine/hold"])");
  ASSERT_TRUE(server.remove("namespaces//x").ok());
  server.settle();
  const json::value space = server.get("namespaces//x");
  EXPECT_EQ(text_at(space, {"status", "phase"}), "Terminating");
  const std::string conditions = to_json(*find(space, {"status", "conditions"}));
  EXPECT_NE(conditions.find("Some resources are remaining: pods. has 1 resource instances"),
            std::string::npos)
      << conditions;
  EXPECT_NE(conditions.find("Some content in the namespace has finalizers remaining: mine/hold in "
                            "1 resource instances"),
            std::string::npos);
  server.drop_finalizer("pods/x/held", "mine/hold");
  server.settle();
  EXPECT_FALSE(server.has("namespaces//x"));
}

TEST(NamespaceDeletion, WhatArrivesLateGoesToo) {
  Server server;
  server.create_namespace("x");
  ASSERT_TRUE(server.remove("namespaces//x").ok());
  server.settle();
  server.create("pods/x/late");
  server.settle();
  EXPECT_FALSE(server.has("pods/x/late"));
  server.create_namespace("x");
  server.create("pods/x/again");
  server.settle();
  EXPECT_TRUE(server.has("pods/x/again"));
}

TEST(EventExpiry, EventsEndAnHourAfterTheirLastWrite) {
  ManualClock clock;
  Server server({.clock = &clock});
  server.create("events/x/one");
  server.create("events/x/two");
  server.create("pods/x/p");
  server.settle();
  clock.advance(std::chrono::minutes(40));
  ASSERT_TRUE(
      edit_object(server.store(), {"events", "x", "two"}, [](json::value& object) -> Result<bool> {
        object.as_object()["count"] = 2;
        return true;
      }).ok());
  server.settle();
  clock.advance(std::chrono::minutes(21));
  clock.set_wall(WallTime{std::chrono::milliseconds(0)});
  server.lifecycle().tick();
  server.settle();
  EXPECT_FALSE(server.has("events/x/one"));
  EXPECT_TRUE(server.has("events/x/two"));
  clock.advance(std::chrono::minutes(40));
  server.lifecycle().tick();
  server.settle();
  EXPECT_FALSE(server.has("events/x/two"));
  EXPECT_TRUE(server.has("pods/x/p"));
}

/// A server that makes what each namespace has; objects come back in the way an API would make
/// them.
struct Furnished {
  std::atomic<int> failures{0};
  Server own{[this] {
    Lifecycle::Options options;
    options.defaults.ca_pem = "PEM";
    options.defaults.make = [this](const std::vector<json::value>& objects) -> Result<> {
      if (failures-- > 0) return Error{Code::unavailable, "not now"};
      for (const json::value& object : objects) {
        const std::string resource =
            text_at(object, {"kind"}) == "ConfigMap" ? "configmaps" : "serviceaccounts";
        const std::string at = resource + "/" +
                               std::string(text_at(object, {"metadata", "namespace"})) + "/" +
                               std::string(text_at(object, {"metadata", "name"}));
        const json::value* data = find(object, {"data"});
        if (own.has(at)) (void)own.remove(at);
        own.create(at, "", data == nullptr ? "" : "\"data\":" + to_json(*data));
      }
      return {};
    };
    return options;
  }()};
};

TEST(Lifecycle, GivesEachNamespaceItsAccountAndTheAuthority) {
  Furnished furnished;
  Server& server = furnished.own;
  server.create_namespace("a");
  server.settle();
  EXPECT_TRUE(server.has("serviceaccounts/a/default"));
  EXPECT_EQ(text_at(server.get("configmaps/a/kube-root-ca.crt"), {"data", "ca.crt"}), "PEM");

  // What is removed or changed comes back.
  EXPECT_TRUE(server.remove("serviceaccounts/a/default").ok());
  EXPECT_TRUE(edit_object(server.store(), {"configmaps", "a", "kube-root-ca.crt"},
                          [](json::value& object) -> Result<bool> {
                            set_at(object, {"data", "ca.crt"}, json::value("other"));
                            return true;
                          })
                  .ok());
  server.settle();
  EXPECT_TRUE(server.has("serviceaccounts/a/default"));
  EXPECT_EQ(text_at(server.get("configmaps/a/kube-root-ca.crt"), {"data", "ca.crt"}), "PEM");

  EXPECT_TRUE(server.remove("namespaces//a").ok());
  server.settle();
  EXPECT_FALSE(server.has("namespaces//a"));
  EXPECT_FALSE(server.has("serviceaccounts/a/default"));
}

TEST(Lifecycle, TriesAgainToFurnishANamespace) {
  Furnished furnished;
  furnished.failures = 1;
  furnished.own.create_namespace("a");
  furnished.own.settle();
  EXPECT_TRUE(furnished.own.has("serviceaccounts/a/default"));
}

}  // namespace
}  // namespace ks::store
