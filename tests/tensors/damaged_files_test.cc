// SPDX-License-Identifier: MIT
//
// Any bytes whatever give tensors or an Error of one line, and take no more memory than they are
// worth: the files of corpus/, damaged a fixed number of times from a fixed seed.
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <tuple>

#include "damage.h"
#include "damage_parts.h"
#include "golden/tensors/opened.h"
#include "largest_block.h"

namespace halfulp::tensors {
namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr std::size_t slower = 20;
#elif defined(__has_feature)
constexpr std::size_t slower = __has_feature(address_sanitizer) ? 20 : 1;
#else
constexpr std::size_t slower = 1;
#endif

std::vector<Bytes> corpus(const std::string& folder) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry :
       std::filesystem::directory_iterator(HALFULP_SOURCE_DIR "/tests/tensors/corpus/" + folder))
    paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  std::vector<Bytes> files;
  for (const std::filesystem::path& path : paths) files.push_back(read_bytes(path.string()));
  return files;
}

std::string hexadecimal(ByteView bytes) {
  std::string text;
  for (const std::uint8_t byte : bytes) {
    text += "0123456789abcdef"[byte >> 4U];
    text += "0123456789abcdef"[byte & 15U];
  }
  return text;
}

// Bytes in one block that a file of a size may ask for: deflation gives 1,032 bytes for one.
std::size_t memory_for(std::size_t size, Container container) {
  constexpr std::size_t always = std::size_t{1} << 20;
  return always + size * (container == Container::npz ? 1032 : 16);
}

void read_damaged(const char* folder, Container container, std::size_t count) {
  const std::vector<Bytes> files = corpus(folder);
  ASSERT_FALSE(files.empty());
  Damage damage(20261124);
  std::size_t readable = 0;
  for (std::size_t i = 0; i < count / slower; ++i) {
    const Bytes& file = files[damage.below(files.size())];
    const Bytes bytes =
        i < files.size() ? files[i] : damage.damaged(file, files[damage.below(files.size())]);
    const ReadOptions options = options_of(container, damage.below(1000));
    largest_block = 0;
    const std::string wrong = broken_promise(bytes, container, options);
    ASSERT_EQ(wrong, "") << "file " << i << ": " << hexadecimal(bytes);
    ASSERT_LE(largest_block, memory_for(bytes.size(), container))
        << "file " << i << ": " << hexadecimal(bytes);
    readable += complaint({bytes.begin(), bytes.end()}, container, options).empty() ? 1 : 0;
  }
  // Neither all nor nothing may be refused: the damage must reach behind the headers.
  EXPECT_GT(readable, count / slower / 1000);
  EXPECT_LT(readable, count / slower / 2);
  rusage usage{};
  ASSERT_EQ(::getrusage(RUSAGE_SELF, &usage), 0);
  EXPECT_LT(usage.ru_maxrss, 1L << 20) << "KiB";
}

TEST(DamagedFiles, OfNumPyAreReadOrRefused) { read_damaged("npy", Container::npy, 400'000); }
TEST(DamagedFiles, OfArchivesAreReadOrRefused) { read_damaged("npz", Container::npz, 300'000); }
TEST(DamagedFiles, OfSafetensorsAreReadOrRefused) {
  read_damaged("safetensors", Container::safetensors, 400'000);
}
TEST(DamagedFiles, WithoutAFormAreReadOrRefused) { read_damaged("raw", Container::raw, 100'000); }

using Broken = std::string (*)(ByteView bytes, std::size_t choice, bool& readable);

// Ternary blocks give 20 bytes for one.
void read_damaged_parts(const char* folder, Broken broken, std::size_t count) {
  const std::vector<Bytes> files = corpus(folder);
  ASSERT_FALSE(files.empty());
  Damage damage(20261130);
  std::size_t readable = 0;
  for (std::size_t i = 0; i < count / slower; ++i) {
    const Bytes& file = files[damage.below(files.size())];
    const Bytes bytes =
        i < files.size() ? files[i] : damage.damaged(file, files[damage.below(files.size())]);
    constexpr std::size_t always = std::size_t{1} << 20;
    bool good = false;
    largest_block = 0;
    const std::string wrong = broken(bytes, damage.below(1000), good);
    ASSERT_EQ(wrong, "") << "file " << i << ": " << hexadecimal(bytes);
    ASSERT_LE(largest_block, always + 40 * bytes.size())
        << "file " << i << ": " << hexadecimal(bytes);
    readable += good ? 1 : 0;
  }
  EXPECT_GT(readable, count / slower / 1000);
  EXPECT_LT(readable, count / slower / 2);
}

TEST(DamagedFiles, OfGgufAreReadOrRefused) { read_damaged_parts("gguf", broken_gguf, 100'000); }
TEST(DamagedFiles, OfCodesAndScalesAreReadOrRefused) {
  read_damaged_parts("pairs", broken_pairs, 100'000);
}

TEST(DamagedFiles, OfTheCorpusInPartsAreWholeBeforeTheDamage) {
  for (const auto& [folder, broken] : std::vector<std::pair<const char*, Broken>>{
           {"gguf", broken_gguf}, {"pairs", broken_pairs}}) {
    for (const Bytes& file : corpus(folder)) {
      bool some = false;
      for (std::size_t choice = 0; choice < 384 && !some; ++choice) broken(file, choice, some);
      EXPECT_TRUE(some) << folder << ": " << hexadecimal(file);
    }
  }
}

// A file that is read in pieces: each of its tensors, or an Error.
TensorFile read_in_pieces(const std::string& path, const ReadOptions& options) {
  const OpenedFile opened(path, options,
                          [&](const std::string&, const Metadata&) { return options.type; });
  TensorFile made{.tensors = {}, .metadata = opened.metadata()};
  for (std::size_t i = 0; i < opened.headings().size(); ++i) {
    const TensorCodes codes = opened.codes(i);
    std::vector<std::uint64_t> all(codes.size());
    for (std::size_t begin = 0; begin < all.size(); begin += 5)
      codes.read(begin,
                 std::span(all).subspan(begin, std::min<std::size_t>(5, all.size() - begin)));
    made.tensors.push_back(from_codes(opened.headings()[i], all));
  }
  if (options.type && !opened.used_type()) GivenType(options.type).require_used();
  return made;
}

// Read in pieces, damaged files are refused where they are refused whole, and else the same.
TEST(DamagedFiles, ReadInPiecesAreWhatTheyAreWhole) {
  const std::string folder = ::testing::TempDir();
  Damage damage(20261130);
  for (const auto& [name, container, ending] :
       {std::tuple{"npy", Container::npy, ".npy"}, std::tuple{"npz", Container::npz, ".npz"},
        std::tuple{"safetensors", Container::safetensors, ".safetensors"},
        std::tuple{"raw", Container::raw, ".raw"}}) {
    const std::vector<Bytes> files = corpus(name);
    const std::string path = folder + "/halfulp-pieces-" + std::to_string(::getpid()) + ending;
    std::size_t readable = 0;
    for (std::size_t i = 0; i < 2000 / slower; ++i) {
      const Bytes& file = files[damage.below(files.size())];
      const Bytes bytes =
          i < files.size() ? files[i] : damage.damaged(file, files[damage.below(files.size())]);
      const ReadOptions options = options_of(container, damage.below(1000));
      std::ofstream(path, std::ios::binary)
          .write(reinterpret_cast<const char*>(bytes.data()),
                 static_cast<std::streamsize>(bytes.size()));
      const auto attempt = [](const auto& read) -> std::optional<TensorFile> {
        try {
          return read();
        } catch (const Error&) {
          return std::nullopt;
        }
      };
      const auto whole = attempt([&] { return parse(bytes, container, options); });
      const auto pieces = attempt([&] { return read_in_pieces(path, options); });
      ASSERT_EQ(whole.has_value(), pieces.has_value())
          << name << " " << i << ": " << hexadecimal(bytes);
      if (!whole) continue;
      ++readable;
      ASSERT_EQ(whole->tensors, pieces->tensors) << hexadecimal(bytes);
      ASSERT_EQ(whole->metadata, pieces->metadata) << hexadecimal(bytes);
    }
    EXPECT_GT(readable, 2000 / slower / 1000) << name;
    std::filesystem::remove(path);
  }
}

// The undamaged ones are all read, given what they leave open.
TEST(DamagedFiles, OfTheCorpusAreWholeBeforeTheDamage) {
  for (const auto& [folder, container] :
       std::vector<std::pair<const char*, Container>>{{"npy", Container::npy},
                                                      {"npz", Container::npz},
                                                      {"safetensors", Container::safetensors}}) {
    for (const Bytes& file : corpus(folder)) {
      const std::string text(file.begin(), file.end());
      const bool plain = complaint(text, container).empty();
      EXPECT_TRUE(plain || complaint(text, container, {.type = element_type("bfloat16")}).empty() ||
                  complaint(text, container, {.type = element_type("float4_e2m1fn")}).empty())
          << hexadecimal(file);
    }
  }
}

}  // namespace
}  // namespace halfulp::tensors
