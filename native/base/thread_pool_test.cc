#include "base/thread_pool.h"

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <new>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "base/cores.h"
#include "tool/test.h"

using namespace glossa;

TEST("thread pool: every task runs exactly once, by a worker that exists") {
  for (int threads : {1, 2, 3, 8}) {
    ThreadPool pool(threads);
    CHECK_EQ(pool.threads(), threads);
    for (int64_t tasks : {0, 1, 2, 7, 1000}) {
      std::vector<int> runs(static_cast<size_t>(tasks));  // not atomic: a task run twice at once is a race TSan sees
      std::atomic<int> bad_worker{0};
      pool.run(tasks, [&](int64_t task, int worker) {
        runs[static_cast<size_t>(task)] += 1;
        if (worker < 0 || worker >= threads) bad_worker++;
      });
      int64_t once = 0;
      for (int r : runs) once += r == 1;
      CHECK_EQ(once, tasks);
      CHECK_EQ(bad_worker.load(), 0);
    }
  }
}

TEST("thread pool: what a run wrote is visible after it, over many short runs") {
  ThreadPool pool(4);
  std::vector<int64_t> values(16);
  for (int64_t round = 1; round <= 3000; ++round) {
    pool.run(16, [&](int64_t task, int) { values[static_cast<size_t>(task)] += round; });
  }
  for (int64_t v : values) CHECK_EQ(v, 3000 * 3001 / 2);
}

TEST("thread pool: a worker number is used by one thread at a time") {
  ThreadPool pool(4);
  std::vector<int> busy(4);  // not atomic, see above
  std::atomic<int> clashes{0};
  for (int round = 0; round < 200; ++round) {
    pool.run(32, [&](int64_t, int worker) {
      int& b = busy[static_cast<size_t>(worker)];
      if (b++ != 0) clashes++;
      b--;
    });
  }
  CHECK_EQ(clashes.load(), 0);
}

TEST("thread pool: a held-up task does not hold up the others") {
  ThreadPool pool(2);
  std::atomic<int> others{0};
  int seen = 0;
  pool.run(64, [&](int64_t task, int) {
    if (task != 0) {
      others++;
      return;
    }
    for (int i = 0; i < 2000 && others < 63; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    seen = others;
  });
  CHECK_EQ(seen, 63);
}

TEST("thread pool: what a task throws reaches the caller when no task runs any more, and the pool goes on") {
  for (int threads : {1, 2, 4}) {
    ThreadPool pool(threads);
    for (int round = 0; round < 100; ++round) {
      std::atomic<int> running{0}, begun{0};
      std::string caught;
      try {
        pool.run(64, [&](int64_t task, int) {
          running++;
          begun++;
          if (task == 5) {
            running--;
            throw std::runtime_error("task 5");
          }
          std::this_thread::yield();
          running--;
        });
      } catch (const std::exception& error) {
        CHECK_EQ(running.load(), 0);
        caught = error.what();
      }
      CHECK_EQ(caught, std::string("task 5"));
      CHECK(begun >= 1 && begun <= 64);
      std::atomic<int> after{0};
      pool.run(64, [&](int64_t, int) { after++; });
      CHECK_EQ(after.load(), 64);
    }
  }
}

TEST("thread pool: where every task throws, one exception is thrown, of the type it had") {
  ThreadPool pool(4);
  for (int round = 0; round < 100; ++round) {
    bool caught = false;
    try {
      pool.run(32, [](int64_t, int) { throw std::bad_alloc(); });
    } catch (const std::bad_alloc&) {
      caught = true;
    }
    CHECK(caught);
  }
}

TEST("thread pool: idle threads and a waiting caller use no processor time") {
  ThreadPool pool(4);
  pool.run(8, [](int64_t, int) {});
  const std::clock_t start = std::clock();  // of all threads
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  std::atomic<int> first{0};
  pool.run(2, [&](int64_t, int) {
    if (first++ == 0) std::this_thread::sleep_for(std::chrono::milliseconds(100));
  });
  const double ms = 1e3 * static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
  CHECK_NEAR(ms, 0, 20);  // spinning would cost 200 ms or more
}

TEST("cores: at least one, at most what the hardware has") {
  const int cores = available_cores();
  CHECK(cores >= 1);
  CHECK(cores <= static_cast<int>(std::max(1u, std::thread::hardware_concurrency())));
}

TEST("cores: cgroup quotas of both versions, the smallest on the way up") {
  namespace fs = std::filesystem;
  const fs::path dir =
      fs::temp_directory_path() / ("glossa-cores-" + std::to_string(std::rand()) + std::to_string(std::clock()));
  auto write = [&](const std::string& path, const std::string& text) {
    fs::create_directories((dir / path).parent_path());
    std::ofstream(dir / path) << text;
  };
  auto cores = [&](const std::string& proc) {
    write("proc", proc);
    return cgroup_cores((dir / "proc").string(), (dir / "fs").string());
  };
  write("fs/cpu.max", "max 100000\n");
  write("fs/a/cpu.max", "250000 100000\n");
  write("fs/a/b/cpu.max", "400000 100000\n");
  CHECK(std::isinf(cores("0::/\n")));
  CHECK_EQ(cores("0::/a/b\n"), 2.5);
  CHECK_EQ(cores("0::/a\n"), 2.5);
  CHECK(std::isinf(cores("0::/gone\n")));
  write("fs/cpu/x/cpu.cfs_quota_us", "150000\n");
  write("fs/cpu/x/cpu.cfs_period_us", "50000\n");
  write("fs/cpu/cpu.cfs_quota_us", "-1\n");
  write("fs/cpu/cpu.cfs_period_us", "100000\n");
  CHECK_EQ(cores("5:cpu,cpuacct:/x\n4:memory:/y\n"), 3.0);
  CHECK(std::isinf(cores("5:cpu,cpuacct:/\n")));
  CHECK(std::isinf(cores("5:cpuset:/x\n")));
  fs::remove_all(dir);
}
