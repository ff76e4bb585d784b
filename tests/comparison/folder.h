// SPDX-License-Identifier: MIT
//
// Tensor files in a folder of the test's own.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include "formats/json.h"
#include "golden/tensors/opened.h"

namespace halfulp::comparison {

class Files : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "halfulp-test-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  // Codes as a raw file.
  [[nodiscard]] tensors::OpenedFile open(const std::string& name, const Format& format,
                                         const tensors::Shape& shape,
                                         const std::vector<std::uint64_t>& codes) const {
    const std::string path = (folder_ / (name + ".raw")).string();
    const tensors::ElementType type = tensors::element_type(format);
    tensors::TensorFile file;
    file.tensors = {tensors::from_codes({"", type, shape}, codes)};
    tensors::write(path, file, {});
    tensors::ReadOptions options;
    options.shape = shape;
    return {path, options,
            [type](const std::string&, const tensors::Metadata&) { return std::optional(type); }};
  }
  [[nodiscard]] std::filesystem::path folder() const { return folder_; }

 private:
  std::filesystem::path folder_;
};

}  // namespace halfulp::comparison
