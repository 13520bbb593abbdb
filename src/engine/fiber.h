#pragma once

#include <cstddef>
#include <exception>
#include <functional>
#include <memory>

namespace ks::engine {

/// A stack of its own that can be left and come back to: a step that waits keeps its C++ frames and
/// costs no thread.
///
///   Fiber fiber([&](Fiber& self) { a(); self.suspend(); b(); });
///   fiber.resume();  // runs a()
///   fiber.resume();  // runs b()
///   fiber.done();    // true
///
/// Each takes two memory maps (a guard page lies below the stack); only touched pages are resident.
/// Not thread-safe: one thread at a time resumes it, and not always the same one. A fiber that has
/// begun must run to its end before it is destroyed: resume it with a cancellation (the owner's
/// business), never drop its stack.
class Fiber {
 public:
  /// How many a process may have: each takes two of its 65,530 memory maps.
  static constexpr size_t kMost = 28'000;
  /// Whether `count` more may be made now.
  static bool room_for(size_t count);

  static constexpr size_t kDefaultStackBytes = size_t{16} << 20;

  explicit Fiber(std::function<void(Fiber&)> body, size_t stack_bytes = kDefaultStackBytes);
  ~Fiber();
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  /// Runs the body until it suspends or ends. Not from within the fiber itself.
  void resume();
  /// Goes back to whoever resumed. Only from within.
  void suspend();

  bool started() const { return started_; }
  bool done() const { return done_; }
  /// The lowest usable address of the stack.
  const void* stack_low() const;
  /// Gives pages below the present top back to the system: a long wait should not hold what a deep
  /// call once touched.
  void trim();

 private:
  void run();

  std::function<void(Fiber&)> body_;
  char* mapping_ = nullptr;
  size_t mapping_bytes_ = 0;
  void* context_ = nullptr;  // of whichever side is not running
  const void* suspended_at_ = nullptr;
  bool started_ = false;
  bool done_ = false;

  // For the sanitizers.
  void* fake_stack_ = nullptr;
  const void* caller_stack_ = nullptr;
  size_t caller_stack_bytes_ = 0;
  void* tsan_fiber_ = nullptr;
  void* tsan_caller_ = nullptr;
};

}  // namespace ks::engine
