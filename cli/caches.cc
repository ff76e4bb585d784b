// SPDX-License-Identifier: MIT
#include "cli/caches.h"

#include <cstdlib>
#include <filesystem>
#include <string>

namespace halfulp::cli {
namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// Empty for none.
std::filesystem::path cache_folder() {
  const std::string cache = variable("HALFULP_CACHE");
  if (cache == "off") return {};
  if (!cache.empty()) return cache;
  const std::filesystem::path shared = variable("XDG_CACHE_HOME");
  if (!shared.empty()) return shared / "halfulp";
  const std::filesystem::path home = variable("HOME");
  if (home.empty()) return {};
  return home / ".cache" / "halfulp";
}

}  // namespace

Caches& program_caches() {
  static Caches caches(cache_folder());
  return caches;
}

}  // namespace halfulp::cli
