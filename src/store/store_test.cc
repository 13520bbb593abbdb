#include "store/store.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <map>
#include <random>
#include <thread>

#include "base/file.h"
#include "store/test_objects.h"

namespace ks::store {
namespace {

TEST(Store, KeepsWhatWasWrittenWithItsRevision) {
  Opened store;
  ObjectRef made = store->create(draft("a", "1")).value();
  EXPECT_EQ(*made->json, "{\"metadata\":{\"name\":\"a\",\"resourceVersion\":\"" +
                             std::to_string(made->revision) + "\"},\"data\":\"1\"}");
  ObjectRef next = store->update(draft("a", "2"), made->revision).value();
  EXPECT_GT(next->revision, made->revision);
  EXPECT_EQ(next->created, made->revision);
  EXPECT_EQ(store->get(key("a"))->json, next->json);
  EXPECT_EQ(store->create(draft("a")).error().code, Code::already_exists);
  EXPECT_EQ(store->update(draft("a"), made->revision).error().code, Code::conflict);
  EXPECT_EQ(store->update(draft("b"), 1).error().code, Code::not_found);
  EXPECT_EQ(store->remove(key("a"), made->revision).error().code, Code::conflict);
  ObjectRef last = store->remove(key("a"), next->revision).value();
  EXPECT_NE(last->json->find("\"resourceVersion\":\"" + std::to_string(last->revision) + "\""),
            std::string::npos);
  EXPECT_EQ(store->get(key("a")), nullptr);
}

TEST(Store, NoUpdateIsLostWhenManyWriteTheSameObject) {
  TempDir dir;
  Opened store(dir.path());
  ASSERT_TRUE(store->create(draft("counter", "0")).ok());
  std::atomic<int> applied{0};
  {
    std::vector<std::jthread> threads;
    threads.reserve(8);
    for (int t = 0; t < 8; t++) {
      threads.emplace_back([&] {
        for (int i = 0; i < 50;) {
          ObjectRef now = store->get(key("counter"));
          const int value = std::stoi(now->json->substr(now->json->find("\"data\":\"") + 8));
          if (store->update(draft("counter", std::to_string(value + 1)), now->revision).ok()) {
            i++;
            applied++;
          }
        }
      });
    }
  }
  EXPECT_EQ(applied, 400);
  EXPECT_NE(store->get(key("counter"))->json->find("\"data\":\"400\""), std::string::npos);
}

TEST(Store, ListsByNamespaceAndSelectorInKeyOrder) {
  Opened store;
  for (const char* name : {"b", "a", "c"})
    ASSERT_TRUE(store->create(draft(name, "", {{"app", name}})).ok());
  ASSERT_TRUE(store->create(draft("a", "", {}, "other")).ok());
  ASSERT_TRUE(store->create(draft("x", "", {}, "default-2")).ok());
  auto names = [&](const Filter& filter) {
    std::string out;
    const Store::List list = store->list(filter).value();
    for (const ObjectRef& object : list.objects)
      out += std::string(object->space()) + "/" + std::string(object->name()) + " ";
    return out;
  };
  EXPECT_EQ(names({"things", "default"}), "default/a default/b default/c ");
  EXPECT_EQ(names({"things"}), "default/a default/b default/c default-2/x other/a ");
  EXPECT_EQ(
      names({"things", "default", "", [](const Object& o) { return o.labels[0].second == "b"; }}),
      "default/b ");
  EXPECT_EQ(names({"thing"}), "");
}

TEST(Store, PagesOfOneListFitTogetherWhileOthersWrite) {
  Opened store;
  for (int i = 0; i < 10; i++)
    ASSERT_TRUE(store->create(draft("n" + std::to_string(i), "old")).ok());
  Store::List first = store->list({"things", "default"}, 4).value();
  EXPECT_EQ(first.objects.size(), 4u);
  EXPECT_EQ(first.remaining, 6u);
  ASSERT_TRUE(store->remove(key("n5"), store->get(key("n5"))->revision).ok());
  ASSERT_TRUE(store->update(draft("n6", "new"), store->get(key("n6"))->revision).ok());
  ASSERT_TRUE(store->create(draft("n55")).ok());
  Store::List rest = store->list({"things", "default"}, 0, first.next, first.revision).value();
  ASSERT_EQ(rest.objects.size(), 6u);
  EXPECT_EQ(rest.objects[1]->name(), "n5");
  EXPECT_NE(rest.objects[2]->json->find("old"), std::string::npos);
  EXPECT_EQ(rest.revision, first.revision);
}

TEST(Store, ManyWritesAtOnceHaveEachTheirOwnOutcome) {
  Opened store(StoreOptions{.max_batch = 2});
  const uint64_t a = store->create(draft("a")).value()->revision;
  std::vector<Store::Write> writes;
  writes.push_back({key("a"), std::nullopt, a});
  writes.push_back({key("b"), draft("b")});
  writes.push_back({key("a"), draft("a", "again")});
  writes.push_back({key("b"), draft("b", "2"), a});
  writes.push_back({key("c"), std::nullopt, a});
  const auto results = store->write_all(std::move(writes));
  ASSERT_EQ(results.size(), 5u);
  EXPECT_EQ(results[0].value()->revision, a + 1);
  EXPECT_TRUE(results[1].ok());
  EXPECT_EQ(results[2].value()->created, a + 3);
  EXPECT_EQ(results[3].error().code, Code::conflict);
  EXPECT_EQ(results[4].error().code, Code::not_found);
  EXPECT_EQ(store->size(), 2u);
}

TEST(Store, ListsAllResourcesAtOnce) {
  Opened store;
  Draft other = draft("z");
  other.key.resource = "others";
  ASSERT_TRUE(store->create(other).ok());
  ASSERT_TRUE(store->create(draft("a")).ok());
  ASSERT_TRUE(store->create(draft("b", "", {}, "elsewhere")).ok());
  EXPECT_EQ(store->list({}).value().objects.size(), 3u);
  EXPECT_EQ(store->list({"", "default"}).value().objects.size(), 2u);
}

TEST(Store, APageOfALongGoneListIsGone) {
  Opened store(StoreOptions{.watch = {.max_events = 5}});
  for (int i = 0; i < 3; i++) ASSERT_TRUE(store->create(draft("n" + std::to_string(i))).ok());
  Store::List first = store->list({"things"}, 1).value();
  auto recorder = std::make_shared<Recorder>();
  auto watch = store->watch({"things"}, first.revision, recorder).value();
  for (int i = 0; i < 10; i++) ASSERT_TRUE(store->create(draft("m" + std::to_string(i))).ok());
  recorder->wait_for(10);
  EXPECT_EQ(store->list({"things"}, 1, first.next, first.revision).error().code, Code::gone);
  EXPECT_EQ(store->watch({"things"}, first.revision, recorder).error().code, Code::gone);
}

TEST(Watch, ResumesAfterARevisionWithoutGapOrDouble) {
  Opened store;
  ASSERT_TRUE(store->create(draft("a")).ok());
  ObjectRef b = store->create(draft("b")).value();
  ASSERT_TRUE(store->create(draft("c")).ok());
  auto recorder = std::make_shared<Recorder>();
  auto watch = store->watch({"things", "default"}, b->revision, recorder).value();
  ASSERT_TRUE(store->remove(key("b"), b->revision).ok());
  EXPECT_EQ(words(recorder->wait_for(2)), "added c;deleted b;");
}

TEST(Watch, AnObjectThatStopsMatchingIsDeletedForItsWatcher) {
  Opened store;
  auto recorder = std::make_shared<Recorder>();
  const auto blue = [](const Object& o) {
    return !o.labels.empty() && o.labels[0].second == "blue";
  };
  auto watch = store->watch({"things", "", "", blue}, store->revision(), recorder).value();
  ObjectRef a = store->create(draft("a", "", {{"color", "red"}})).value();
  a = store->update(draft("a", "", {{"color", "blue"}}), a->revision).value();
  a = store->update(draft("a", "2", {{"color", "blue"}}), a->revision).value();
  a = store->update(draft("a", "", {{"color", "red"}}), a->revision).value();
  ASSERT_TRUE(store->remove(key("a"), a->revision).ok());
  ASSERT_TRUE(store->create(draft("b", "", {{"color", "blue"}})).ok());
  EXPECT_EQ(words(recorder->wait_for(4)), "added a;modified a;deleted a;added b;");
}

TEST(Watch, OneWatchMayCoverAllResources) {
  Opened store;
  auto recorder = std::make_shared<Recorder>();
  ASSERT_TRUE(store->create(draft("a")).ok());
  auto watch = store->watch({}, 1, recorder).value();
  Draft other = draft("z");
  other.key.resource = "others";
  ASSERT_TRUE(store->create(other).ok());
  ASSERT_TRUE(store->create(draft("b")).ok());
  EXPECT_EQ(words(recorder->wait_for(3)), "added a;added z;added b;");
}

TEST(Watch, TheLineOfAnEventIsOneTextForAll) {
  Opened store;
  auto recorder = std::make_shared<Recorder>();
  auto watch = store->watch({"things"}, store->revision(), recorder).value();
  ObjectRef a = store->create(draft("a", "x")).value();
  const EventRef event = recorder->wait_for(1)[0].event;
  const Bytes line = event->line(EventType::added);
  EXPECT_EQ(*line, "{\"type\":\"ADDED\",\"object\":" + *a->json + "}\n");
  EXPECT_EQ(event->line(EventType::added), line);
}

TEST(Watch, WhoNoLongerMatchesShowsItsLastMatchingStateAtTheNewRevision) {
  Opened store;
  auto recorder = std::make_shared<Recorder>();
  const auto old = [](const Object& object) {
    return object.json->find("old") != std::string::npos;
  };
  auto watch = store->watch({"things", "", "", old}, store->revision(), recorder).value();
  ObjectRef a = store->create(draft("a", "old")).value();
  a = store->update(draft("a", "new"), a->revision).value();
  const auto seen = recorder->wait_for(2);
  ASSERT_EQ(seen[1].type, EventType::deleted);
  const std::string json = *seen[1].event->json(EventType::deleted);
  EXPECT_NE(json.find("old"), std::string::npos);
  EXPECT_NE(json.find("\"" + std::to_string(a->revision) + "\""), std::string::npos) << json;
}

TEST(Watch, BookmarksComeAfterWhatTheyCover) {
  Opened store;
  auto recorder = std::make_shared<Recorder>();
  auto watch = store->watch({"things"}, store->revision(), recorder).value();
  ObjectRef a = store->create(draft("a")).value();
  recorder->wait_for(1);
  watch.request_bookmark();
  const auto seen = recorder->wait_for(2);
  EXPECT_EQ(words(seen), "added a;bookmark;");
  EXPECT_EQ(seen[1].revision, a->revision);
}

TEST(Watch, TheNumberOfWatchersIsBounded) {
  Opened store(StoreOptions{.watch = {.max_watchers = 1}});
  auto watch = store->watch({"things"}, store->revision(), std::make_shared<Recorder>());
  EXPECT_TRUE(watch.ok());
  EXPECT_EQ(store->watch({"things"}, store->revision(), std::make_shared<Recorder>()).error().code,
            Code::exhausted);
  watch = WatchHub::Subscription();
  EXPECT_TRUE(store->watch({"things"}, store->revision(), std::make_shared<Recorder>()).ok());
}

TEST(Store, EverythingIsThereAfterARestartAndWatchesResume) {
  TempDir dir;
  uint64_t middle = 0, last = 0;
  {
    Opened store(dir.path());
    ASSERT_TRUE(store->create(draft("a", "1", {{"l", "v"}})).ok());
    middle = store->create(draft("b")).value()->revision;
    ObjectRef b = store->update(draft("b", "2"), middle).value();
    last = store->remove(key("b"), b->revision).value()->revision;
  }
  Opened store(dir.path());
  EXPECT_EQ(store->size(), 1u);
  EXPECT_EQ(store->revision(), last);
  EXPECT_EQ(store->get(key("a"))->labels, (Pairs{{"l", "v"}}));
  EXPECT_EQ(store->get(key("a"))->uid, "uid-a");
  auto recorder = std::make_shared<Recorder>();
  auto watch = store->watch({"things"}, middle, recorder).value();
  EXPECT_EQ(words(recorder->wait_for(2)), "modified b;deleted b;");
  EXPECT_GT(store->create(draft("c")).value()->revision, last);
}

TEST(Store, CompactionForgetsOnlyWhatNobodyCanAskFor) {
  TempDir dir;
  uint64_t revision = 0;
  {
    Opened store(dir.path(), StoreOptions{.watch = {.max_events = 10}});
    revision = store->create(draft("a")).value()->revision;
    for (int i = 0; i < 100; i++)
      revision = store->update(draft("a", std::to_string(i)), revision).value()->revision;
    revision = store->remove(key("a"), revision).value()->revision;
    for (int i = 0; i < 20; i++) ASSERT_TRUE(store->create(draft("x" + std::to_string(i))).ok());
    auto recorder = std::make_shared<Recorder>();
    auto watch = store->watch({"things"}, store->revision() - 5, recorder).value();
    recorder->wait_for(5);
    EXPECT_GT(store->compact().value(), 80u);
  }
  Opened store(dir.path());
  EXPECT_EQ(store->size(), 20u);
  EXPECT_EQ(store->watch({"things"}, revision - 1, std::make_shared<Recorder>()).error().code,
            Code::gone);
}

TEST(Store, ASecondServerOnTheFolderIsRefusedByName) {
  TempDir dir;
  Opened store(dir.path());
  Result<std::unique_ptr<Backend>> second = open_sqlite(dir.path());
  ASSERT_FALSE(second.ok());
  EXPECT_NE(second.error().message.find(std::to_string(getpid())), std::string::npos)
      << second.error().message;
}

TEST(Store, ABackupOfARunningStoreOpens) {
  TempDir dir, copy;
  Opened store(dir.path());
  for (int i = 0; i < 50; i++) ASSERT_TRUE(store->create(draft("n" + std::to_string(i))).ok());
  ASSERT_TRUE(store->backup(copy / "store.db").ok());
  EXPECT_EQ(store->backup(copy / "store.db").error().code, Code::already_exists);
  Opened restored(copy.path());
  EXPECT_EQ(restored->size(), 50u);
}

TEST(Store, AFileThatIsNoStoreIsNamed) {
  TempDir dir;
  ASSERT_TRUE(write_file_atomic(dir / "store.db", std::string(8192, 'x')).ok());
  Result<std::unique_ptr<Backend>> opened = open_sqlite(dir.path());
  ASSERT_FALSE(opened.ok());
  EXPECT_NE(opened.error().message.find("restore a backup"), std::string::npos)
      << opened.error().message;
}

/// Refuses commits when told to: a full disk.
class FailingBackend final : public Backend {
 public:
  explicit FailingBackend(std::atomic<bool>& full) : full_(full) {}
  Result<Loaded> load(const std::function<void(Record)>&) override { return Loaded{}; }
  Result<> commit(std::span<const Record>) override {
    return full_ ? Result<>(Error{Code::exhausted, "disk full"}) : Result<>();
  }
  Result<> compact(uint64_t, std::span<const uint64_t>) override { return {}; }
  Result<> backup(const std::string&) override { return {}; }

 private:
  std::atomic<bool>& full_;
};

TEST(Store, AFullDiskRefusesWritesAndLosesNothing) {
  std::atomic<bool> full{false};
  Store store(std::make_unique<FailingBackend>(full), {});
  ASSERT_TRUE(store.open().ok());
  const uint64_t before = store.create(draft("a")).value()->revision;
  full = true;
  EXPECT_EQ(store.create(draft("b")).error().code, Code::exhausted);
  EXPECT_EQ(store.update(draft("a", "2"), before).error().code, Code::exhausted);
  EXPECT_EQ(store.get(key("b")), nullptr);
  EXPECT_EQ(store.get(key("a"))->revision, before);
  full = false;
  EXPECT_EQ(store.update(draft("a", "2"), before).value()->revision, before + 1);
}

/// Random writes against a std::map; a watcher that replays events must end with the same map.
TEST(Store, AgreesWithAModelAndSoDoItsWatchers) {
  Opened store;
  auto recorder = std::make_shared<Recorder>();
  auto watch = store->watch({"things"}, store->revision(), recorder).value();
  std::mt19937 random(7);
  std::map<std::string, uint64_t> model;
  size_t writes = 0;
  for (int i = 0; i < 3000; i++) {
    const std::string name = "n" + std::to_string(random() % 50);
    const auto known = model.find(name);
    switch (random() % 3) {
      case 0: {
        auto made = store->create(draft(name));
        EXPECT_EQ(made.ok(), known == model.end());
        if (made) model[name] = (*made)->revision, writes++;
        break;
      }
      case 1: {
        auto changed =
            store->update(draft(name, std::to_string(i)), known == model.end() ? 1 : known->second);
        EXPECT_EQ(changed.ok(), known != model.end());
        if (changed) known->second = (*changed)->revision, writes++;
        break;
      }
      default: {
        auto removed = store->remove(key(name), known == model.end() ? 1 : known->second);
        EXPECT_EQ(removed.ok(), known != model.end());
        if (removed) model.erase(known), writes++;
      }
    }
  }
  std::map<std::string, uint64_t> seen;
  uint64_t last = 0;
  for (const Delivery& delivery : recorder->wait_for(writes)) {
    EXPECT_GT(delivery.revision, last);
    last = delivery.revision;
    const std::string name(delivery.event->object->name());
    if (delivery.type == EventType::deleted) {
      EXPECT_EQ(seen.erase(name), 1u);
    } else {
      EXPECT_EQ(delivery.type == EventType::added, !seen.contains(name));
      seen[name] = delivery.revision;
    }
  }
  EXPECT_EQ(seen, model);
}

/// A child writes and tells each acknowledged write through a pipe, until it is killed; then
/// everything it told is there.
void kill_while_writing(const std::string& dir, std::mt19937& random,
                        std::map<std::string, std::string>& acknowledged) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const uint32_t seed = static_cast<uint32_t>(random());
  const pid_t child = fork();
  if (child == 0) {
    close(ends[0]);
    std::mt19937 own(seed);
    Opened store(dir);
    for (int i = 0;; i++) {
      const std::string name = "k" + std::to_string(own() % 40),
                        data = std::to_string(seed) + "-" + std::to_string(i);
      ObjectRef now = store->get(key(name));
      const bool done = now ? store->update(draft(name, data), now->revision).ok()
                            : store->create(draft(name, data)).ok();
      const std::string line = name + " " + data + "\n";
      if (done && write(ends[1], line.data(), line.size()) < 0) _exit(1);
    }
  }
  close(ends[1]);
  std::string told;
  char buffer[4096];
  std::jthread killer([child, wait = random() % 60] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20 + wait));
    kill(child, SIGKILL);
  });
  for (ssize_t got; (got = read(ends[0], buffer, sizeof buffer)) > 0;)
    told.append(buffer, static_cast<size_t>(got));
  close(ends[0]);
  waitpid(child, nullptr, 0);
  for (size_t at = 0, end; (end = told.find('\n', at)) != told.npos; at = end + 1) {
    const std::string line = told.substr(at, end - at);
    acknowledged[line.substr(0, line.find(' '))] = line.substr(line.find(' ') + 1);
  }
}

/// A watcher that had seen everything up to `revision` goes on from there: what it is told must
/// lead to what is there now.
void resume_watch(Store& store, std::map<std::string, uint64_t>& state, uint64_t& revision) {
  if (revision != 0) {
    auto recorder = std::make_shared<Recorder>();
    // What happened before the subscription has been told when it returns.
    auto watch = store.watch({"things"}, revision, recorder).value();
    for (const Delivery& delivery : recorder->wait_for(0)) {
      EXPECT_GT(delivery.revision, std::exchange(revision, delivery.revision));
      const std::string& key = delivery.event->object->key;
      EXPECT_EQ(delivery.type == EventType::added, !state.contains(key)) << key;
      state[key] = delivery.revision;
    }
  }
  const Store::List now = store.list({"things"}).value();
  std::map<std::string, uint64_t> expected;
  for (const ObjectRef& object : now.objects) expected[object->key] = object->revision;
  if (revision != 0) {
    EXPECT_EQ(state, expected);
  }
  state = std::move(expected);
  revision = now.revision;
}

TEST(StoreTorture, EveryAcknowledgedWriteSurvivesKill9) {
  const char* full = std::getenv("KS_FULL");
  const int kills = full != nullptr && *full != '\0' ? 200 : 15;
  TempDir dir;
  std::mt19937 random(std::random_device{}());
  std::map<std::string, std::string> acknowledged;
  // What a watcher knew before the kill, and from where it goes on after it.
  std::map<std::string, uint64_t> watched;
  uint64_t resume = 0;
  for (int round = 0; round < kills; round++) {
    kill_while_writing(dir.path(), random, acknowledged);
    Opened store(dir.path());
    resume_watch(*store.store, watched, resume);
    for (auto& [name, data] : acknowledged) {
      ObjectRef stored = store->get(key(name));
      ASSERT_NE(stored, nullptr) << name;
      // One write may have been committed without its acknowledgement having been heard: then it is
      // the newer one.
      const size_t at = stored->json->find("\"data\":\"") + 8;
      const std::string found = stored->json->substr(at, stored->json->find('"', at) - at);
      if (found == data) continue;
      const auto number = [](const std::string& text) {
        return std::stol(text.substr(text.find('-') + 1));
      };
      EXPECT_TRUE(found.substr(0, found.find('-')) != data.substr(0, data.find('-')) ||
                  number(found) > number(data))
          << name << ": acknowledged " << data << ", found " << found;
      data = found;
    }
  }
  EXPECT_GT(acknowledged.size(), 10u);
}

}  // namespace
}  // namespace ks::store
