// SPDX-License-Identifier: MIT
#include "golden/tensors/gguf/tensors.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "emulator/parallel.h"
#include "formats/error.h"
#include "formats/output_file.h"

namespace halfulp::tensors::gguf {
namespace {

FoundTensor stored_in(const std::shared_ptr<const ByteSource>& file, const TensorInfo& info) {
  const BlockType* type = find_block_type(info.type);
  FoundTensor tensor;
  tensor.name = info.name;
  tensor.type = type != nullptr ? type->name : "type " + std::to_string(info.type);
  if (type != nullptr && *type->plain != '\0') tensor.element = element_type(type->plain);
  tensor.shape = info.shape;
  tensor.size = info.size;
  tensor.read = [file, at = info.begin](std::uint64_t begin, std::size_t count) {
    return file->read(at + begin, count);
  };
  return tensor;
}

void give_blocks(const FoundTensor& tensor, const BlockType& type, const ValueEncoder& encoder,
                 const Sink& sink) {
  const std::uint64_t step = part_elements / type.elements * type.bytes;
  for (std::uint64_t at = 0; at < tensor.size; at += step) {
    const Bytes blocks =
        tensor.read(at, static_cast<std::size_t>(std::min(step, tensor.size - at)));
    encoder.give(std::span<const float>(dequantized(type, blocks)), sink);
  }
}

PartedTensor parted(const FoundTensor& tensor, const BlockType* type, const ValueEncoder& encoder) {
  if (tensor.element) return as_it_is(tensor);
  PartedTensor result;
  result.heading = {tensor.name, encoder.type(), tensor.shape};
  result.stored = tensor.type;
  result.stored_size = tensor.size;
  if (type != nullptr && type->dequantize != nullptr)
    result.give = [tensor, type, encoder](const Sink& sink) {
      give_blocks(tensor, *type, encoder, sink);
    };
  return result;
}

}  // namespace

GgufFile parted_tensors(const std::shared_ptr<const ByteSource>& file,
                        const ValueEncoder& encoder) {
  Header header = read_header(*file);
  GgufFile result{.tensors = {}, .metadata = std::move(header.metadata)};
  for (const TensorInfo& info : header.tensors)
    result.tensors.push_back(parted(stored_in(file, info), find_block_type(info.type), encoder));
  return result;
}

Bytes quantized(const BlockType& type, const Heading& heading, std::span<const float> numbers,
                int threads) {
  const std::int64_t row = heading.shape.empty() ? 1 : heading.shape.back();
  if (row % static_cast<std::int64_t>(type.elements) != 0)
    throw Error("rows of " + std::to_string(row) + " elements are no whole blocks of " +
                    std::to_string(type.elements),
                heading.name.empty() ? "" : "/" + printable(heading.name),
                "leave it out with --only, or choose a type of smaller blocks");
  HALFULP_REQUIRE(numbers.size() == element_count(heading.shape), "quantized: another size");
  const std::size_t blocks = numbers.size() / type.elements;
  Bytes bytes(blocks * type.bytes);
  const std::size_t at_a_time = part_elements / type.elements;
  emulator::for_each_chunk(blocks, at_a_time, threads, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i)
      type.quantize(numbers.data() + i * type.elements, bytes.data() + i * type.bytes);
  });
  return bytes;
}

std::vector<float> dequantized(const BlockType& type, ByteView blocks) {
  HALFULP_REQUIRE(blocks.size() % type.bytes == 0, "dequantized: another size");
  const std::size_t count = blocks.size() / type.bytes;
  std::vector<float> numbers(count * type.elements);
  for (std::size_t i = 0; i < count; ++i)
    type.dequantize(blocks.data() + i * type.bytes, numbers.data() + i * type.elements);
  for (float& number : numbers) {
    if (std::isnan(number)) number = std::numeric_limits<float>::quiet_NaN();
  }
  return numbers;
}

void write(const std::string& path, const BlockType& type, const Metadata& metadata,
           const std::vector<BlockTensor>& tensors) {
  constexpr std::size_t alignment = 32;
  std::vector<TensorInfo> infos;
  std::uint64_t at = 0;
  for (const BlockTensor& tensor : tensors) {
    infos.push_back({tensor.name, tensor.shape, type.id, at, tensor.blocks.size()});
    at += (tensor.blocks.size() + alignment - 1) / alignment * alignment;
  }
  halfulp::OutputFile file(path);
  file.write(header_text(metadata, infos));
  for (const BlockTensor& tensor : tensors) {
    file.write({reinterpret_cast<const char*>(tensor.blocks.data()), tensor.blocks.size()});
    file.write(std::string((alignment - tensor.blocks.size() % alignment) % alignment, '\0'));
  }
  file.commit();
}

}  // namespace halfulp::tensors::gguf
