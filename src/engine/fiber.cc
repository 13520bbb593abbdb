#include "engine/fiber.h"

#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <boost/context/detail/fcontext.hpp>
#include <cerrno>
#include <cstring>

#include "base/check.h"

#ifndef __has_feature
#define __has_feature(name) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#define KS_ASAN 1
#include <sanitizer/common_interface_defs.h>
#endif
#if defined(__SANITIZE_THREAD__) || __has_feature(thread_sanitizer)
#define KS_TSAN 1
#include <sanitizer/tsan_interface.h>
#endif

namespace ks::engine {
namespace {

namespace context = boost::context::detail;

size_t page_bytes() {
  static const size_t size = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  return size;
}

std::atomic<size_t> fibers{0};

}  // namespace

bool Fiber::room_for(size_t count) { return fibers + count <= kMost; }

Fiber::Fiber(std::function<void(Fiber&)> body, size_t stack_bytes) : body_(std::move(body)) {
  ++fibers;
  mapping_bytes_ = stack_bytes + page_bytes();
  void* mapped = mmap(nullptr, mapping_bytes_, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
  CHECK_MSG(mapped != MAP_FAILED, std::strerror(errno));
  mapping_ = static_cast<char*>(mapped);
  CHECK(mprotect(mapping_, page_bytes(), PROT_NONE) == 0);
  // Huge pages would make each small stack two megabytes resident.
  madvise(mapping_, mapping_bytes_, MADV_NOHUGEPAGE);
#ifdef KS_TSAN
  tsan_fiber_ = __tsan_create_fiber(0);
#endif
}

Fiber::~Fiber() {
  CHECK_MSG(!started_ || done_, "a fiber was destroyed before its end");
  --fibers;
#ifdef KS_TSAN
  __tsan_destroy_fiber(tsan_fiber_);
#endif
  munmap(mapping_, mapping_bytes_);
}

const void* Fiber::stack_low() const { return mapping_ + page_bytes(); }

void Fiber::resume() {
  CHECK(!done_);
  if (!started_) {
    started_ = true;
    context_ = context::make_fcontext(mapping_ + mapping_bytes_, mapping_bytes_ - page_bytes(),
                                      [](context::transfer_t transfer) {
                                        auto* self = static_cast<Fiber*>(transfer.data);
                                        self->context_ = transfer.fctx;
                                        self->run();
                                      });
  }
#ifdef KS_ASAN
  void* own_fake_stack = nullptr;
  __sanitizer_start_switch_fiber(&own_fake_stack, mapping_ + page_bytes(),
                                 mapping_bytes_ - page_bytes());
#endif
#ifdef KS_TSAN
  tsan_caller_ = __tsan_get_current_fiber();
  __tsan_switch_to_fiber(tsan_fiber_, 0);
#endif
  context_ = context::jump_fcontext(context_, this).fctx;
#ifdef KS_ASAN
  __sanitizer_finish_switch_fiber(own_fake_stack, nullptr, nullptr);
#endif
}

void Fiber::suspend() {
  char here = 0;
  suspended_at_ = &here;
#ifdef KS_ASAN
  __sanitizer_start_switch_fiber(done_ ? nullptr : &fake_stack_, caller_stack_,
                                 caller_stack_bytes_);
#endif
#ifdef KS_TSAN
  __tsan_switch_to_fiber(tsan_caller_, 0);
#endif
  context_ = context::jump_fcontext(context_, nullptr).fctx;
#ifdef KS_ASAN
  __sanitizer_finish_switch_fiber(fake_stack_, &caller_stack_, &caller_stack_bytes_);
#endif
}

void Fiber::run() {
#ifdef KS_ASAN
  __sanitizer_finish_switch_fiber(nullptr, &caller_stack_, &caller_stack_bytes_);
#endif
  body_(*this);
  body_ = nullptr;
  done_ = true;
  suspend();
  CHECK_MSG(false, "a finished fiber was resumed");
}

void Fiber::trim() {
  if (!started_ || done_ || suspended_at_ == nullptr) return;
  const auto page = static_cast<ptrdiff_t>(page_bytes());
  char* const low = mapping_ + page;
  const ptrdiff_t unused = static_cast<const char*>(suspended_at_) - low - 1024;
  // A page of red zone below the deepest frame stays.
  if (unused < 2 * page) return;
  madvise(low, static_cast<size_t>(unused / page * page - page), MADV_DONTNEED);
}

}  // namespace ks::engine
