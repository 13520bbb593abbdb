#include "http/client.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <csignal>
#include <latch>
#include <thread>

#include "base/file.h"
#include "base/process.h"
#include "http/certificates.h"
#include "http/server.h"

namespace ks::http {
namespace {

Router sample_router() {
  Router router;
  router.add(Method::get, "/hello", [](Request& r) {
    Response response = Response::text(200, "hello " + std::string(r.query.get("name")));
    response.headers.add("X-Authorization", std::string(r.headers.get("Authorization")));
    return response;
  });
  router.add(Method::patch, "/echo", [](Request& r) {
    Response response = Response::text(201, std::move(r.body).take());
    response.headers.set("Content-Type", std::string(r.headers.get("Content-Type")));
    return response;
  });
  router.add(Method::delete_, "/echo",
             [](Request& r) { return Response::text(200, std::move(r.body).take()); });
  router.add(Method::get, "/path/{rest...}",
             [](Request& r) { return Response::text(200, std::string(r.param("rest"))); });
  router.add(Method::get, "/fail", [](Request&) { return Response::text(500, "broken"); });
  router.add(Method::get, "/large",
             [](Request&) { return Response::text(200, std::string(300'000, 'x')); });
  router.add(Method::get, "/count", [](Request&) {
    Response response;
    response.stream = [](const std::shared_ptr<Stream>& stream) {
      for (int i = 0; i < 3; i++) stream->write(std::to_string(i) + "\n");
      stream->close();
    };
    return response;
  });
  return router;
}

struct Running {
  Router router;
  std::unique_ptr<Server> server;
  std::unique_ptr<Client> client;
  explicit Running(Router with = sample_router(), ServerOptions options = {},
                   ClientOptions client_options = {})
      : router(std::move(with)) {
    server = Server::start(std::move(options), router).value();
    client_options.base_url = server->url();
    client = socket_client(std::move(client_options)).value();
  }
};

/// A server of one scripted answer, which is not ours: reads until a blank line, writes, closes.
class Scripted {
 public:
  explicit Scripted(std::string answer, int times = 1) {
    fd_ = Fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(bind(fd_.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(listen(fd_.get(), 8), 0);
    EXPECT_EQ(getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::jthread([fd = fd_.get(), answer = std::move(answer), times] {
      for (int i = 0; i < times; i++) {
        const Fd peer(accept4(fd, nullptr, nullptr, SOCK_CLOEXEC));
        std::string head;
        char buffer[1024];
        while (!head.contains("\r\n\r\n")) {
          const ssize_t got = recv(peer.get(), buffer, sizeof buffer, 0);
          if (got <= 0) break;
          head.append(buffer, static_cast<size_t>(got));
        }
        (void)::send(peer.get(), answer.data(), answer.size(), MSG_NOSIGNAL);
      }
    });
  }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

 private:
  Fd fd_;
  uint16_t port_ = 0;
  std::jthread thread_;
};

/// A server of somebody else, told to choose a port and to print it after `before_port`.
class Foreign {
 public:
  Foreign(std::vector<std::string> argv, std::string_view before_port) {
    int ends[2];
    EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0);
    out_ = Fd(ends[0]);
    const Fd in(ends[1]);
    process_ = Process::spawn(
                   {.argv = std::move(argv), .env = current_environment(), .stdout_fd = in.get()})
                   .value();
    std::string said;
    char c = 0;
    while (!said.contains(before_port) && ::read(out_.get(), &c, 1) == 1) said += c;
    while (::read(out_.get(), &c, 1) == 1 && c >= '0' && c <= '9') port_ += c;
  }
  ~Foreign() {
    (void)process_.signal(SIGKILL);
    (void)process_.wait();
  }
  const std::string& port() const { return port_; }

 private:
  Fd out_;
  Process process_;
  std::string port_;
};

TEST(SocketClient, ReadsFromThePythonServer) {
  TempDir dir;
  const std::string content(100'000, 'x');
  ASSERT_TRUE(write_file_atomic(dir / "file name", content).ok());
  const Foreign python(
      {"python3", "-u", "-m", "http.server", "--bind", "127.0.0.1", "--directory", dir.path(), "0"},
      " port ");
  auto client = socket_client({.base_url = "http://127.0.0.1:" + python.port()}).value();
  EXPECT_EQ(client->send(make_request(Method::get, "/file%20name"))->body.view(), content);
  EXPECT_EQ(client->send(make_request(Method::head, "/file%20name"))->headers.get("Content-Length"),
            "100000");
  EXPECT_EQ(client->send(make_request(Method::get, "/absent"))->status, 404);
  EXPECT_EQ(client->send(make_request(Method::post, "/file%20name", "x"))->status, 501);
}

TEST(SocketClient, ReadsFromTheOpensslServer) {
  TempDir dir;
  const Certificates files = ensure_certificates(dir.path(), "127.0.0.1", system_clock()).value();
  const Foreign openssl({"openssl", "s_server", "-www", "-accept", "127.0.0.1:0", "-cert",
                         files.certificate_file, "-key", files.key_file},
                        "ACCEPT 127.0.0.1:");
  auto client =
      socket_client({.base_url = "https://127.0.0.1:" + openssl.port(), .ca_pem = files.ca_pem})
          .value();
  for (int i = 0; i < 3; i++) {
    Result<Response> page = client->send(make_request(Method::get, "/"));
    ASSERT_TRUE(page.ok()) << page.error().message;
    EXPECT_TRUE(page->body.view().contains("TLSv1.3"));
  }
}

TEST(SocketClient, SendsMethodQueryHeadersAndBody) {
  Running run(sample_router(), {}, {.bearer_token = "secret"});
  Request request = make_request(Method::get, "/hello");
  request.query.add("name", "a b&c");
  Response hello = run.client->send(std::move(request)).value();
  EXPECT_EQ(hello.status, 200);
  EXPECT_EQ(hello.body.view(), "hello a b&c");
  EXPECT_EQ(hello.headers.get("x-authorization"), "Bearer secret");
  Response echo = run.client
                      ->send(make_request(Method::patch, "/echo", "[1]",
                                          {{"Content-Type", "application/json-patch+json"}}))
                      .value();
  EXPECT_EQ(echo.status, 201);
  EXPECT_EQ(echo.body.view(), "[1]");
  EXPECT_EQ(echo.headers.get("content-type"), "application/json-patch+json");
  EXPECT_EQ(run.client->send(make_request(Method::delete_, "/echo", "why"))->body.view(), "why");
  EXPECT_EQ(run.client->send(make_request(Method::head, "/hello"))->status, 200);
}

TEST(SocketClient, PathsArriveAsTheyWereMeant) {
  Running run;
  EXPECT_EQ(run.client->send(make_request(Method::get, "/path/a/../b"))->body.view(), "a/../b");
  EXPECT_EQ(run.client->send(make_request(Method::get, "/path/a%20b%23"))->body.view(), "a b#");
  EXPECT_EQ(run.client->send(make_request(Method::get, "/path/a b"))->body.view(), "a b");
  Request bare;
  bare.path = "/path/ä ?";
  EXPECT_EQ(run.client->send(std::move(bare))->body.view(), "ä ?");
}

TEST(SocketClient, AnAnswerOfAnyStatusIsAnAnswer) {
  Running run;
  EXPECT_EQ(run.client->send(make_request(Method::get, "/fail"))->status, 500);
  EXPECT_EQ(run.client->send(make_request(Method::get, "/nothing"))->status, 404);
}

TEST(SocketClient, AHeaderWithALineBreakIsRefused) {
  Running run;
  Result<Response> forged =
      run.client->send(make_request(Method::get, "/hello", {}, {{"X-A", "1\r\nX-B: 2"}}));
  ASSERT_FALSE(forged.ok());
  EXPECT_EQ(forged.error().code, Code::invalid);
}

TEST(SocketClient, ALargerResponseThanAllowedIsAnError) {
  Running run(sample_router(), {}, {.max_response_bytes = 100'000});
  Result<Response> large = run.client->send(make_request(Method::get, "/large"));
  ASSERT_FALSE(large.ok());
  EXPECT_EQ(large.error().code, Code::too_large);
  EXPECT_EQ(run.client->send(make_request(Method::get, "/hello"))->status, 200);
}

TEST(SocketClient, NobodyListeningIsUnavailable) {
  std::string url;
  {
    url = Running().server->url();
  }
  auto client = socket_client({.base_url = url}).value();
  Result<Response> refused = client->send(make_request(Method::get, "/hello"));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, Code::unavailable);
  EXPECT_TRUE(refused.error().message.contains(url)) << refused.error().message;
}

TEST(SocketClient, ASilentServerIsATimeout) {
  Router router;
  std::latch over(1);
  router.add(Method::get, "/wait", [&](Request&) {
    over.wait();
    return Response::text(200, "late");
  });
  Running run(std::move(router), {}, {.timeout = std::chrono::milliseconds(200)});
  Result<Response> late = run.client->send(make_request(Method::get, "/wait"));
  ASSERT_FALSE(late.ok());
  EXPECT_EQ(late.error().code, Code::timeout);
  std::latch ended(1);
  auto reading =
      run.client->read(make_request(Method::get, "/wait"), {.on_end = [&](const Result<>& result) {
                         EXPECT_EQ(result.error().code, Code::timeout);
                         ended.count_down();
                       }});
  ended.wait();
  over.count_down();
}

TEST(SocketClient, AStopTokenEndsACall) {
  Router router;
  std::latch over(1), called(1);
  router.add(Method::get, "/wait", [&](Request&) {
    called.count_down();
    over.wait();
    return Response::text(200, "late");
  });
  Running run(std::move(router));
  std::stop_source source;
  std::jthread stopper([&] {
    called.wait();
    source.request_stop();
  });
  Request request = make_request(Method::get, "/wait");
  request.stop = source.get_token();
  EXPECT_EQ(run.client->send(std::move(request)).error().code, Code::unavailable);
  over.count_down();
}

TEST(SocketClient, AnAnswerThatIsCutOffIsAnError) {
  Scripted half("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this");
  auto client = socket_client({.base_url = half.url()}).value();
  Result<Response> cut = client->send(make_request(Method::get, "/"));
  ASSERT_FALSE(cut.ok());
  EXPECT_EQ(cut.error().code, Code::unavailable);
}

TEST(SocketClient, ForeignAnswersAreRead) {
  Scripted early(
      "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nX-A: 1\r\nx-a:2\r\n\r\nto the "
      "end");
  Response response = socket_client({.base_url = early.url()})
                          .value()
                          ->send(make_request(Method::get, "/"))
                          .value();
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body.view(), "to the end");
  EXPECT_EQ(response.headers.get("X-A"), "1");
  EXPECT_FALSE(response.headers.has("Link"));
  Scripted garbage("\x16\x03\x01 no http\r\n\r\n");
  EXPECT_FALSE(socket_client({.base_url = garbage.url()})
                   .value()
                   ->send(make_request(Method::get, "/"))
                   .ok());
  Scripted redirect("HTTP/1.1 302 Found\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(socket_client({.base_url = redirect.url()})
                .value()
                ->send(make_request(Method::get, "/"))
                ->status,
            302);
}

TEST(SocketClient, ReadsAStreamToItsEnd) {
  Running run;
  std::string seen;
  std::latch ended(1);
  auto reading =
      run.client->read(make_request(Method::get, "/count"),
                       {.on_start = [](int status, const Headers&) { EXPECT_EQ(status, 200); },
                        .on_data = [&](std::string_view data) { seen += data; },
                        .on_end =
                            [&](const Result<>& result) {
                              EXPECT_TRUE(result.ok());
                              ended.count_down();
                            }});
  ended.wait();
  EXPECT_EQ(seen, "0\n1\n2\n");
}

TEST(SocketClient, DroppingAReadingTellsTheServerAndNoCallbackFollows) {
  Router router;
  std::shared_ptr<Stream> kept;
  std::latch stopped(1);
  router.add(Method::get, "/stream", [&](Request&) {
    Response response;
    response.stream = [&](const std::shared_ptr<Stream>& stream) {
      kept = stream;
      stream->write("first");
    };
    return response;
  });
  Running run(std::move(router));
  std::latch first(1);
  bool ended = false;
  auto reading = run.client->read(make_request(Method::get, "/stream"),
                                  {.on_data = [&](std::string_view) { first.count_down(); },
                                   .on_end = [&](const Result<>&) { ended = true; }});
  first.wait();
  std::stop_callback callback(kept->stop_token(), [&] { stopped.count_down(); });
  reading.reset();
  stopped.wait();
  EXPECT_FALSE(ended);
}

TEST(SocketClient, AReadingMayDropItselfInACallback) {
  Running run;
  std::latch dropped(1);
  std::unique_ptr<Reading> reading;
  std::latch assigned(1);
  reading = run.client->read(make_request(Method::get, "/count"),
                             {.on_start =
                                  [&](int, const Headers&) {
                                    assigned.wait();
                                    reading.reset();
                                    dropped.count_down();
                                  },
                              .on_data = [](std::string_view) { ADD_FAILURE() << "dropped"; },
                              .on_end = [](const Result<>&) { ADD_FAILURE() << "dropped"; }});
  assigned.count_down();
  dropped.wait();
  EXPECT_EQ(run.client->send(make_request(Method::get, "/hello"))->status, 200);
}

TEST(SocketClient, ClosingTheClientEndsItsReadings) {
  Router router;
  std::shared_ptr<Stream> kept;
  router.add(Method::get, "/stream", [&](Request&) {
    Response response;
    response.stream = [&](std::shared_ptr<Stream> stream) { kept = std::move(stream); };
    return response;
  });
  Running run(std::move(router));
  std::latch started(1);
  Result<> end;
  auto reading = run.client->read(make_request(Method::get, "/stream"),
                                  {.on_start = [&](int, const Headers&) { started.count_down(); },
                                   .on_end = [&](Result<> result) { end = std::move(result); }});
  started.wait();
  run.client.reset();
  ASSERT_FALSE(end.ok());
  EXPECT_EQ(end.error().code, Code::unavailable);
}

TEST(SocketClient, VerifiesTheServerByItsAuthority) {
  TempDir dir;
  const Certificates files = ensure_certificates(dir.path(), "127.0.0.1", system_clock()).value();
  Running run(sample_router(),
              {.certificate_file = files.certificate_file, .key_file = files.key_file},
              {.ca_pem = files.ca_pem});
  EXPECT_EQ(run.client->send(make_request(Method::get, "/hello"))->status, 200);
  const std::string url = run.server->url();
  auto by_file = socket_client({.base_url = url, .ca_file = files.ca_file}).value();
  EXPECT_EQ(by_file->send(make_request(Method::get, "/hello"))->status, 200);
  auto stranger = socket_client({.base_url = url}).value();
  Result<Response> refused = stranger->send(make_request(Method::get, "/hello"));
  ASSERT_FALSE(refused.ok());
  EXPECT_TRUE(refused.error().message.contains("authority")) << refused.error().message;
  auto careless = socket_client({.base_url = url, .insecure = true}).value();
  EXPECT_EQ(careless->send(make_request(Method::get, "/hello"))->status, 200);
}

TEST(SocketClient, ManyThreadsShareOneClient) {
  Running run;
  std::atomic<int> good{0};
  {
    std::vector<std::jthread> threads;
    threads.reserve(8);
    for (int t = 0; t < 8; t++) {
      threads.emplace_back([&] {
        for (int i = 0; i < 50; i++) {
          const std::string name = std::to_string(i);
          Result<Response> answer =
              run.client->send(make_request(Method::get, "/hello?name=" + name));
          if (answer && answer->body.view() == "hello " + name) good++;
        }
      });
    }
  }
  EXPECT_EQ(good, 400);
}

TEST(SocketClient, SpeaksOverAUnixSocket) {
  TempDir dir;
  const std::string path = dir / "socket";
  const Fd listener(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(bind(listener.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(listen(listener.get(), 4), 0);
  std::jthread server([&] {
    const Fd peer(accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    char buffer[1024];
    (void)recv(peer.get(), buffer, sizeof buffer, 0);
    (void)write_all(peer.get(), "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  });
  auto client = socket_client({.unix_socket = path}).value();
  EXPECT_EQ(client->send(make_request(Method::get, "/"))->body.view(), "ok");
}

TEST(SocketClient, AnAddressThatIsNoneIsRefused) {
  EXPECT_FALSE(socket_client({.base_url = "127.0.0.1:6443"}).ok());
  EXPECT_FALSE(socket_client({.base_url = "ftp://host"}).ok());
  EXPECT_FALSE(socket_client({.base_url = "https://h", .client_cert_pem = "x"}).ok());
}

}  // namespace
}  // namespace ks::http
