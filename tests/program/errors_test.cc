// SPDX-License-Identifier: MIT
//
// What people get wrong: every bad call or input ends with exit status 2 and one line on standard
// error that starts with "halfulp: ", names the place and says what would be right; nothing is left
// behind.
#include "program.h"

namespace halfulp::program {
namespace {

struct BadCall {
  const char* name;
  const char* command;
  const char* place;  // both stand in the line
  const char* remedy;
};

void PrintTo(const BadCall& bad, std::ostream* out) { *out << bad.command; }

class BadCalls : public Program, public ::testing::WithParamInterface<BadCall> {};

TEST_P(BadCalls, EndInOneLine) {
  file("config.json", small_config);
  file("cut.json", std::string(small_config).substr(0, 200));
  file("cut.result.json", "{\"halfulp\": {\"version\": \"0.1.0\"}, \"points\": [{\"set\":");
  file("other.json", "{\"a\": 1}");
  const std::vector<std::string> before = names();
  const Ran ran = shell(GetParam().command);
  EXPECT_EQ(ran.status, 2) << ran.err;
  EXPECT_EQ(ran.out, "");
  EXPECT_EQ(ran.err.substr(0, 9), "halfulp: ") << ran.err;
  EXPECT_EQ(std::count(ran.err.begin(), ran.err.end(), '\n'), 1) << ran.err;
  EXPECT_NE(ran.err.find(GetParam().place), std::string::npos) << ran.err;
  EXPECT_NE(ran.err.find(GetParam().remedy), std::string::npos) << ran.err;
  EXPECT_EQ(names(), before);
}

const BadCall bad_calls[] = {
    {"no_verb", "halfulp", "no verb", "halfulp --help"},
    {"unknown_verb", "halfulp fromats", "fromats", "did you mean \"formats\"?"},
    {"unknown_option", "halfulp cast --to bf16 --roundin rne 1", "--roundin",
     "did you mean \"--rounding\"?"},
    {"missing_option", "halfulp cast 1", "--to", "halfulp cast --help"},
    {"option_twice", "halfulp cast --to bf16 --to bf16 1", "--to", "halfulp cast --help"},
    {"no_number", "halfulp cast --to bf16 1 --random-bits x", "--random-bits", "--help"},
    {"out_of_range", "halfulp cast --to bf16 1 --random-bits 65", "--random-bits", "64"},
    {"misspelt_format", "halfulp cast --to bflaot16 1", "--to", "did you mean \"bfloat16\"?"},
    {"two_meanings", "halfulp cast --to e4m3 1", "e4m3", "float8_e4m3fn"},
    {"misspelt_rounding", "halfulp cast --to bf16 --rounding nearest-evn 1", "--rounding",
     "nearest-even"},
    {"misspelt_preset", "halfulp cast --to e8m0 --preset ptx-up 1", "--preset", "ptx-rp"},
    {"preset_of_scales", "halfulp cast --to bf16 --preset ptx-rp 1", "--preset", "into E8M0"},
    {"misspelt_overflow", "halfulp cast --to bf16 --overflow saturat 1", "--overflow", "saturate"},
    {"bad_token", "halfulp cast --to bf16 0.1x", "argument 1", "0.1x"},
    {"bad_code", "halfulp cast --to bf16 --from fp16 0x12345", "argument 1", "binary16"},
    {"bits_without_chance", "halfulp cast --to bf16 0.3/0x5a", "0.3/0x5a", "--rounding"},
    {"too_many_bits", "halfulp cast --to bf16 --rounding sr --random-bits 4 0.3/0x5a", "0x5a",
     "--random-bits"},
    {"bad_line", "printf '\\n\\n  zz\\n' | halfulp cast --to bf16", "standard input, line 3", "zz"},
    {"op_unknown", "halfulp op ad --format bf16 1 2", "OP", "add"},
    {"op_compare", "halfulp op compare --format bf16 1 2", "OP", "eq, ne, lt"},
    {"op_from_nothing", "halfulp op from_int --format int8 1", "--to", "--from F0 --to F"},
    {"op_no_format", "halfulp op add 1 2", "--format", "binary16"},
    {"op_formats", "halfulp op add --format bf16,bf16,bf16 1 2", "--format", "2 operands"},
    {"op_half_a_group", "halfulp op add --format bf16 1", "1 of 2 operands", "groups of 2"},
    {"op_bad_operand", "halfulp op add --format bf16 1 2x", "argument 2", "2x"},
    {"op_bad_code", "halfulp op add --format bf16 1 0x12345", "argument 2", "bfloat16"},
    {"op_early_bits", "halfulp op add --format bf16 --rounding sr 1/1 2", "1/1", "last operand"},
    {"op_testfloat_format", "halfulp op f16_add --format bf16 1 2", "--format", "drop"},
    {"op_extended", "halfulp op extF80_add 1 2", "extF80", "e15m63"},
    {"op_to_no_integer", "halfulp op to_int --format bf16 --to fp16 1", "--to", "int32"},
    {"op_cast", "halfulp op cast --format bf16 1", "--to", "--from"},
    {"op_exact", "halfulp op rint --format bf16 --testfloat-exact 1", "--testfloat-exact", "rint"},
    {"vectors_nothing", "halfulp vectors", "OP", "halfulp vectors --help"},
    {"vectors_style", "halfulp vectors f16_add --style csw", "--style", "did you mean \"csv\"?"},
    {"vectors_all", "halfulp vectors f32_add --all", "--all", "--count"},
    {"vectors_package", "halfulp vectors f16_add -o p.csv --package p.sv", "--package", "readmemh"},
    {"vectors_package_alone", "halfulp vectors f16_add --style readmemh --package p.sv",
     "--package", "-o FILE"},
    {"vectors_archive", "halfulp vectors f16_add --style npz", "--style", "-o"},
    {"vectors_large_archive", "halfulp vectors f16_add --style npz --count 100000000 -o v.npz",
     "--style", "another style"},
    {"vectors_fpgen", "halfulp vectors f16_lt --style fptest", "lt", "testfloat"},
    {"vectors_fpgen_mode", "halfulp vectors f16_add --style fptest --rounding odd", "to-odd",
     "testfloat"},
    {"vectors_no_folder", "halfulp vectors f16_add -o none/v", "none/v", "folder"},
    {"vectors_full_disk", "halfulp vectors f16_add -o /dev/full", "/dev/full", "space"},
    {"coverage_missing", "halfulp vectors f16_add --coverage nowhere", "nowhere", "path"},
    {"coverage_bad_line", "echo 1 2 3 | halfulp vectors f16_add --coverage -",
     "standard input, line 1", "4"},
    {"check_missing_file", "halfulp check f16_add nowhere", "nowhere", "path"},
    {"check_nothing", "halfulp check f16_add < /dev/null", "standard input: no case of add",
     "style"},
    {"compare_missing_file", "halfulp compare nowhere.npy nowhere.npy", "nowhere.npy", "path"},
    {"compare_no_shape", "halfulp compare config.json config.json", "config.json", ".safetensors"},
    {"compare_tolerance", "halfulp compare a.npy b.npy --atol -1", "--atol", "positive"},
    {"compare_guard", "halfulp compare a.npy b.npy --guard strikt", "--guard",
     "did you mean \"strict\"?"},
    {"check_nan", "echo | halfulp check f16_add --nan evry", "--nan", "rule"},
    {"explain_nothing", "halfulp explain --to bf16", "VALUE", "halfulp explain --help"},
    {"explain_no_format", "halfulp explain 0.1", "--to", "halfulp explain --help"},
    {"explain_two", "halfulp explain 0.1 0.2 --to bf16", "0.2", "halfulp explain --help"},
    {"explain_bad_number", "halfulp explain 0.1x --to bf16", "VALUE", "0.1x"},
    {"explain_bad_code", "halfulp explain 0x12345 --from fp16 --to bf16", "VALUE", "binary16"},
    {"explain_bad_from", "halfulp explain 1 --from bflaot16 --to bf16", "--from",
     "did you mean \"bfloat16\"?"},
    {"explain_seed", "halfulp explain 1 --to bf16 --seed 1", "--seed", "--help"},
    {"bad_json_format",
     "halfulp formats '{\"kind\": \"float\", \"exponent_bits\": 4, \"fraktion_bits\": 3}'",
     "fraction_bits", "add it"},
    {"too_many_codes", "halfulp formats binary32 --codes", "binary32", "at most 16 bits"},
    {"isa", "HALFULP_ISA=AVX9 halfulp cast --to bf16 1", "HALFULP_ISA", "AVX9"},
    {"verify_operation", "halfulp verify fp4 --operation ad", "--operation", "add"},
    {"verify_instruction_set", "halfulp verify fp4 --instruction-sets AVX9", "--instruction-sets",
     "all"},
    {"verify_rounding", "halfulp verify fp4 --rounding rns", "--rounding", "rns"},
    {"missing_file", "halfulp run --quiet nowhere.json -o r.json", "nowhere.json", "exists"},
    {"config_is_folder", "halfulp run --quiet . -o r.json", ".: cannot be read", "file"},
    {"json_cut_off", "halfulp run --quiet cut.json -o r.json", "cut.json: line ", "close"},
    {"unknown_key", "halfulp run --quiet config.json -o r.json --set /problem/dimensoin=8",
     "/problem/dimensoin", "did you mean \"dimension\"?"},
    {"value_out_of_range", "halfulp run --quiet config.json -o r.json --set /repeats=-1",
     "config.json: /repeats", "-1"},
    {"wrong_type", "halfulp run --quiet config.json -o r.json --set /problem/dimension=many",
     "config.json: /problem/dimension", "needed"},
    {"policy_format", "halfulp run --quiet config.json -o r.json --set /policy/label=bflaot16",
     "/policy/label", "did you mean \"bfloat16\"?"},
    {"bad_set", "halfulp run --quiet config.json -o r.json --set repeats", "repeats", "="},
    {"bad_shard", "halfulp run --quiet config.json -o r.json --shard 3/2", "--shard", "I/N"},
    {"shard_auto_nothing",
     "env -i PATH=\"$PATH\"  halfulp run --quiet config.json -o r.json --shard auto", "--shard",
     "set HALFULP_SHARD and HALFULP_SHARDS"},
    {"shard_auto_no_count",
     "env -i PATH=\"$PATH\" PARALLEL_SEQ=2 halfulp run --quiet config.json -o r.json --shard auto",
     "GNU parallel says that this is task 2", "set HALFULP_SHARDS"},
    {"shard_auto_uneven",
     "env -i PATH=\"$PATH\" SLURM_ARRAY_TASK_ID=3 SLURM_ARRAY_TASK_MIN=1 SLURM_ARRAY_TASK_MAX=7 "
     "SLURM_ARRAY_TASK_COUNT=3 halfulp run --quiet config.json -o r.json --shard auto",
     "3 tasks from 1 to 7", "HALFULP_SHARDS"},
    {"shard_auto_zero",
     "env -i PATH=\"$PATH\" HQ_TASK_ID=0 HALFULP_SHARDS=3 halfulp run --quiet config.json -o "
     "r.json --shard auto",
     "HQ_TASK_ID=0 (HyperQueue)", "from 1 to 3"},
    {"shard_auto_beyond",
     "env -i PATH=\"$PATH\" JOB_COMPLETION_INDEX=3 HALFULP_SHARDS=3 halfulp run --quiet "
     "config.json -o r.json --shard auto",
     "JOB_COMPLETION_INDEX=3", "from 0 to 2"},
    {"shard_auto_rank",
     "env -i PATH=\"$PATH\" OMPI_COMM_WORLD_RANK=4 OMPI_COMM_WORLD_SIZE=4 halfulp run --quiet "
     "config.json -o r.json --shard auto",
     "OMPI_COMM_WORLD_RANK=4", "I/N"},
    {"shard_auto_word",
     "env -i PATH=\"$PATH\" PMI_RANK=two PMI_SIZE=3 halfulp run --quiet config.json -o r.json "
     "--shard auto",
     "PMI_RANK=", "I/N"},
    {"shard_auto_own",
     "env -i PATH=\"$PATH\" HALFULP_SHARD=2 halfulp run --quiet config.json -o r.json --shard auto",
     "HALFULP_SHARD=2", "set HALFULP_SHARDS"},
    {"shard_auto_many",
     "env -i PATH=\"$PATH\" HALFULP_SHARD=2 HALFULP_SHARDS=0 halfulp run --quiet config.json -o "
     "r.json --shard auto",
     "HALFULP_SHARDS=0", "1000000"},
    {"steal_alone", "halfulp run --quiet config.json -o r.json --steal", "--steal", "--shard auto"},
    {"status_nothing", "halfulp status nothing.json", "nothing.json", "-o"},
    {"no_folder", "halfulp run --quiet config.json -o none/r.json", "none/r.json", "folder"},
    {"output_is_folder", "mkdir -p ../d && halfulp run --quiet config.json -o ../d", "../d",
     "cannot be written"},
    {"stream_to_output", "halfulp run --quiet config.json -o - --stream -", "--stream",
     "name a file"},
    {"stream_to_records", "halfulp run --json config.json -o r.json --stream -", "--stream",
     "leave out --json"},
    {"stream_to_result", "halfulp run --quiet config.json -o r.json --stream r.json", "--stream",
     ""},
    {"bad_checkpoint", "halfulp run --quiet config.json --checkpoint -1", "--checkpoint", "0"},
    {"resume_to_stdout", "halfulp run --quiet config.json -o - --resume", "--resume", "-o"},
    {"run_to_full_disk", "halfulp run --quiet config.json -o /dev/full", "/dev/full", "space"},
    {"result_to_full_stdout", "halfulp run --quiet config.json -o - > /dev/full", "standard output",
     "space"},
    {"formats_to_full_stdout", "halfulp formats > /dev/full", "standard output", "space"},
    {"cast_to_full_stdout", "halfulp cast --to bf16 1 > /dev/full", "standard output", "space"},
    {"truncated_result", "halfulp report cut.result.json -o r.html", "cut.result.json: line 1",
     "close"},
    {"no_result", "halfulp report other.json -o r.html", "other.json", "halfulp run"},
    {"report_ending", "halfulp report other.json -o r.pdf", "r.pdf", ".svg"},
};

INSTANTIATE_TEST_SUITE_P(All, BadCalls, ::testing::ValuesIn(bad_calls),
                         [](const auto& info) { return std::string(info.param.name); });

TEST_F(Program, ReportNamesThePackageWhereGnuplotIsMissing) {
  file("config.json", small_config);
  ASSERT_EQ(shell("halfulp run config.json -o r.json --quiet").status, 0);
  const Ran ran =
      shell("program=$(command -v halfulp); PATH=/nowhere \"$program\" report r.json -o r.html");
  EXPECT_EQ(ran.status, 2);
  EXPECT_NE(ran.err.find("gnuplot-nox"), std::string::npos) << ran.err;
  EXPECT_FALSE(std::filesystem::exists(work() / "r.html"));
}

TEST_F(Program, AReaderThatGoesAwayIsNoError) {
  const Ran ran = shell("halfulp formats bf16 --codes | head -1");
  EXPECT_EQ(ran.out, "0x0000 0 zero\n");
  EXPECT_EQ(ran.err, "");
  const Ran ignored = shell("trap '' PIPE; halfulp formats bf16 --codes | head -1");
  EXPECT_EQ(ignored.err, "");
}

TEST_F(Program, AWrongTokenKeepsTheAnswersBeforeIt) {
  const Ran ran = shell("halfulp cast --to bf16 1 x 2");
  EXPECT_EQ(ran.status, 2);
  EXPECT_EQ(ran.out, "0x3f80 1 00\n");
}

TEST_F(Program, AFailedReportLeavesTheOldOne) {
  file("cut.result.json", "{");
  file("r.html", "old");
  EXPECT_EQ(shell("halfulp report cut.result.json -o r.html").status, 2);
  EXPECT_EQ(text_of("r.html"), "old");
}

}  // namespace
}  // namespace halfulp::program
