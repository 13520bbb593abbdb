#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ks {

/// Bytes from the kernel; for keys, tokens and ids.
std::string random_bytes(size_t count);
uint64_t random_uint64();
/// A version 4 UUID in its usual form.
std::string random_uuid();
/// `length` characters of `alphabet`.
std::string random_text(size_t length, std::string_view alphabet = "bcdfghjklmnpqrstvwxz2456789");

/// Digests, as raw bytes.
std::string sha256(std::string_view data);
std::string sha1(std::string_view data);
std::string md5(std::string_view data);
std::string hmac_sha256(std::string_view key, std::string_view data);
/// Takes the same time wherever the two differ.
bool equal_in_constant_time(std::string_view a, std::string_view b);

}  // namespace ks
