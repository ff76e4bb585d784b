// SPDX-License-Identifier: MIT
//
// What engines keep from one preparation to another, tables of functions above all. A program that
// wants anything kept owns one of these and names it at preparation (Preparation); two of them
// share nothing. It lies in memory; on disk too where the program gives it a folder, and what is
// there serves the build that wrote it and no other. Safe for many threads at once.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

namespace halfulp {

class Caches {
 public:
  Caches() = default;
  explicit Caches(std::filesystem::path folder) : folder_(std::move(folder)) {}
  Caches(const Caches&) = delete;
  Caches& operator=(const Caches&) = delete;

  // Empty: in memory only.
  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }

  // For engines: what stands under a name, a T made by `make` at the first call. A name stands for
  // one type.
  template <typename T>
  std::shared_ptr<T> at(const std::string& name, const std::function<std::shared_ptr<T>()>& make) {
    const std::lock_guard lock(adding_);
    std::shared_ptr<void>& entry = entries_[name];
    if (!entry) entry = make();
    return std::static_pointer_cast<T>(entry);
  }

 private:
  std::filesystem::path folder_;
  std::mutex adding_;
  std::map<std::string, std::shared_ptr<void>> entries_;
};

}  // namespace halfulp
