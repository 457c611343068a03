//===- OutputFileTest.cpp - Tests of files that appear when complete ------===//

#include "TestFolder.h"
#include "llvm/Support/Signals.h"
#include <csignal>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace tx;
using namespace tx::test;

static mode_t getMode(const std::string &path) {
  struct stat status = {};
  ::stat(path.c_str(), &status);
  return status.st_mode & 0777;
}

TEST(OutputFile, appears_on_commit) {
  TestFolder folder;
  folder.write("out", "old");
  auto file = OutputFile::create(folder.path("out"));
  ASSERT_TRUE(bool(file)) << describe(file.takeError());
  ASSERT_EQ(describe(file->write(bytesOf("new"))), "ok");
  EXPECT_EQ(folder.read("out"), "old");
  ASSERT_EQ(describe(file->commit()), "ok");
  EXPECT_EQ(folder.read("out"), "new");
  EXPECT_EQ(folder.list(), "out ");
}

TEST(OutputFile, leaves_nothing_without_commit) {
  TestFolder folder;
  folder.write("out", "old");
  {
    auto file = OutputFile::create(folder.path("out"));
    ASSERT_TRUE(bool(file));
    OutputFile moved = std::move(*file);
    ASSERT_EQ(describe(moved.write(bytesOf("new"))), "ok");
    EXPECT_NE(folder.list(), "out ");
  }
  EXPECT_EQ(folder.list(), "out ");
  EXPECT_EQ(folder.read("out"), "old");
}

TEST(OutputFile, has_the_permissions_of_a_file_made_there) {
  TestFolder folder;
  mode_t mask = ::umask(027);
  auto file = OutputFile::create(folder.path("new"));
  ::umask(mask);
  ASSERT_TRUE(bool(file));
  ASSERT_EQ(describe(file->commit()), "ok");
  EXPECT_EQ(getMode(folder.path("new")), 0640u);

  folder.write("old", "");
  ::chmod(folder.path("old").c_str(), 0751);
  auto again = OutputFile::create(folder.path("old"));
  ASSERT_TRUE(bool(again));
  ASSERT_EQ(describe(again->commit()), "ok");
  EXPECT_EQ(getMode(folder.path("old")), 0751u);
}

TEST(OutputFile, keeps_links) {
  TestFolder folder;
  folder.write("target", "old");
  ASSERT_EQ(::symlink("target", folder.path("link").c_str()), 0);
  auto file = OutputFile::create(folder.path("link"));
  ASSERT_TRUE(bool(file));
  ASSERT_EQ(describe(file->write(bytesOf("new"))), "ok");
  ASSERT_EQ(describe(file->commit()), "ok");
  EXPECT_EQ(folder.read("target"), "new");
  EXPECT_EQ(folder.list(), "link target ");
  EXPECT_TRUE(llvm::sys::fs::is_symlink_file(folder.path("link")));
}

TEST(OutputFile, refuses_targets_that_it_must_not_replace) {
  TestFolder folder;
  ASSERT_EQ(::mkdir(folder.path("dir").c_str(), 0777), 0);
  ASSERT_EQ(::mkfifo(folder.path("fifo").c_str(), 0666), 0);
  folder.write("file", "");
  auto create = [&](const std::string &name) {
    std::string result = describe(OutputFile::create(folder.path(name)));
    size_t at = result.find(folder.dir);
    return result.erase(at, folder.dir.size() + 1);
  };
  EXPECT_EQ(create("dir"), "3: cannot write dir: it is a folder");
  EXPECT_EQ(create("new/"), "3: cannot write new/: it is the name of a folder");
  EXPECT_EQ(create("fifo"), "3: cannot write fifo: not a regular file");
  EXPECT_EQ(create("none/out"),
            "3: cannot write none/out: No such file or directory");
  EXPECT_EQ(create("file/out"), "3: cannot write file/out: Not a directory");
  EXPECT_EQ(describe(OutputFile::create("/dev/null")),
            "3: cannot write /dev/null: not a regular file");
  EXPECT_EQ(describe(OutputFile::create("")),
            "3: cannot write '': the name is empty");
  std::string longName(300, 'x');
  EXPECT_EQ(create(longName),
            "3: cannot write " + longName + ": File name too long");
  EXPECT_EQ(folder.list(), "dir fifo file ");
}

/// What `work` returns as exit code in a child process, or minus the signal
/// that ended it.
template <typename T>
static int runChild(T work) {
  pid_t child = ::fork();
  if (child == 0)
    ::_exit(work());
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

TEST(OutputFile, refuses_files_and_folders_that_are_write_protected) {
  TestFolder folder;
  folder.write("file", "old");
  ::chmod(folder.path("file").c_str(), 0444);
  constexpr uid_t nobody = 65534;
  auto create = [&](const std::string &name) {
    return runChild([&] {
      // Root may write everywhere.
      if (::geteuid() == 0 && ::setuid(nobody) != 0)
        return 2;
      return describe(OutputFile::create(folder.path(name))) ==
                     "3: cannot write " + folder.path(name) +
                         ": Permission denied"
                 ? 0
                 : 1;
    });
  };
  if (::geteuid() == 0)
    ASSERT_EQ(::chown(folder.dir.c_str(), nobody, nobody), 0);
  EXPECT_EQ(create("file"), 0);
  ::chmod(folder.dir.c_str(), 0555);
  EXPECT_EQ(create("new"), 0);
  ::chmod(folder.dir.c_str(), 0755);
}

TEST(OutputFile, reports_a_file_system_that_takes_no_more) {
  TestFolder folder;
  folder.write("out", "old");
  // A limit of the file size fails writes as a full disk does.
  int code = runChild([&] {
    ::signal(SIGXFSZ, SIG_IGN);
    struct rlimit limit = {1 << 16, 1 << 16};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    std::vector<uint8_t> data(1 << 17);
    std::string path = folder.path("out");
    std::map<std::string, TensorView> tensors;
    tensors["a"] = {Dtype::U8, {1 << 17}, data};
    return describe(writeSafetensors(path, tensors)) ==
                   "3: cannot write " + path + ": File too large"
               ? 0
               : 1;
  });
  EXPECT_EQ(code, 0);
  EXPECT_EQ(folder.read("out"), "old");
  EXPECT_EQ(folder.list(), "out ");
}

TEST(OutputFile, goes_when_the_process_is_interrupted) {
  for (int signal : {SIGINT, SIGTERM, SIGHUP}) {
    TestFolder folder;
    folder.write("out", "old");
    int code = runChild([&] {
      auto file = OutputFile::create(folder.path("out"));
      if (!file || file->write(bytesOf("new")) || folder.list() == "out ")
        return 1;
      ::raise(signal);
      return 2;
    });
    EXPECT_EQ(code, -signal);
    EXPECT_EQ(folder.read("out"), "old");
    EXPECT_EQ(folder.list(), "out ");
  }
}

TEST(OutputFile, leaves_signals_that_are_ignored) {
  for (int signal : {SIGINT, SIGTERM, SIGHUP}) {
    TestFolder folder;
    int code = runChild([&] {
      llvm::sys::unregisterHandlers(); // of the tests before
      std::signal(signal, SIG_IGN);
      std::signal(SIGUSR1, [](int) {});
      auto file = OutputFile::create(folder.path("out"));
      ::raise(signal);
      ::raise(SIGUSR1);
      return file && !file->commitText("new") ? 0 : 1;
    });
    EXPECT_EQ(code, 0);
    EXPECT_EQ(folder.read("out"), "new");
  }
}
