using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Hud.Core.Profile;
using Hud.Elf;

namespace Hud.Symbolization.Tests;

/// <summary>Debug files from a server: asked for by build id, and only when a server was named.</summary>
public sealed class DebuginfodTests : IDisposable
{
    private readonly Server server = new();

    public DebuginfodTests()
    {
        // what an earlier run was given or refused must not answer; and the environment names the server all the time
        Environment.SetEnvironmentVariable(
            "DEBUGINFOD_CACHE_PATH",
            Directory.CreateTempSubdirectory("hud-debuginfod-").FullName
        );
        Environment.SetEnvironmentVariable("DEBUGINFOD_URLS", server.Url);
        Environment.SetEnvironmentVariable("no_proxy", "127.0.0.1");
    }

    public void Dispose()
    {
        server.Dispose();
        Directory.Delete(Environment.GetEnvironmentVariable("DEBUGINFOD_CACHE_PATH")!, recursive: true);
        Environment.SetEnvironmentVariable("DEBUGINFOD_CACHE_PATH", null);
        Environment.SetEnvironmentVariable("DEBUGINFOD_URLS", null);
    }

    [Fact]
    public void A_server_that_is_named_is_asked_and_no_other()
    {
        if (!SymbolizerProcess.CanDownload())
        {
            Missing.Tool("libdebuginfod1");
        }

        var (program, debug) = (Programs.TempFile("served"), Programs.TempFile("from-the-server"));
        Helper.Run("objcopy", $"--strip-all {Programs.CFive} {program}");
        Helper.Run("objcopy", $"--only-keep-debug {Programs.CFive} {debug}");
        // an id of its own: what other tests start meanwhile has the same environment, and may ask for the files of theirs
        var id = OtherBuildId(program, debug);
        Assert.True(FileByteSource.TryOpen(Programs.CFive, out var whole, out _));
        Assert.True(FileByteSource.TryOpen(program, out var stripped, out _));
        using (whole)
        using (stripped)
        {
            Assert.True(ElfFile.TryOpen(whole, out var elf, out _));
            Assert.True(ElfFile.TryOpen(stripped, out var bare, out _));
            var outer = elf.Functions.Functions.ToArray().First(f => elf.Functions.NameOf(f) == "outer").Address + 40;
            var module = new ModuleRef(program, program, bare);
            Assert.Equal(id, bare.BuildId);
            var path = $"/buildid/{id}/debuginfo";
            server.Files[path] = File.ReadAllBytes(debug);

            using (var alone = new Symbolizer(start: Helper.Start))
            {
                Assert.Equal(FrameKind.Unknown, alone.Resolve(module, [outer])[0][^1].Kind);
                Assert.DoesNotContain(server.Asked, asked => asked.Contains(id, StringComparison.Ordinal));
            }

            IReadOnlyList<string> urls = [server.Url];
            using (
                var asking = new Symbolizer(
                    new SymbolizerOptions { DebuginfodUrls = urls },
                    () => SymbolizerProcess.Start(Helper.Executable, urls)
                )
            )
            {
                var frame = asking.Resolve(module, [outer])[0][^1];
                Assert.Equal(("outer", true), (frame.Function, frame.Line > 0));
                Assert.Contains(path, server.Asked);
                Assert.Null(asking.Warning(module));
            }
        }
    }

    /// <returns>What the files have in the place of the build id that they were linked with.</returns>
    private static string OtherBuildId(params string[] files)
    {
        Assert.True(FileByteSource.TryOpen(files[0], out var source, out _));
        byte[] linked,
            other = Guid.NewGuid().ToByteArray();
        using (source)
        {
            Assert.True(ElfFile.TryOpen(source, out var elf, out _));
            linked = Convert.FromHexString(elf.BuildId!);
        }

        foreach (var file in files)
        {
            var bytes = File.ReadAllBytes(file);
            other.CopyTo(bytes, bytes.AsSpan().IndexOf(linked));
            File.WriteAllBytes(file, bytes);
        }

        other.CopyTo(linked, 0);
        return Convert.ToHexStringLower(linked);
    }

    /// <summary>Just enough of HTTP: one request a connection, a file or 404.</summary>
    private sealed class Server : IDisposable
    {
        private readonly TcpListener listener = new(IPAddress.Loopback, 0);

        public Server()
        {
            listener.Start();
            _ = Serve();
        }

        public string Url => $"http://{listener.LocalEndpoint}";

        public ConcurrentDictionary<string, byte[]> Files { get; } = new(StringComparer.Ordinal);

        public ConcurrentQueue<string> Asked { get; } = [];

        public void Dispose() => listener.Dispose();

        private async Task Serve()
        {
            while (true)
            {
                using var client = await listener.AcceptTcpClientAsync();
                var stream = client.GetStream();
                using var reader = new StreamReader(stream);
                var path = (await reader.ReadLineAsync() ?? "").Split(' ').ElementAtOrDefault(1) ?? "";
                Asked.Enqueue(path);
                while (await reader.ReadLineAsync() is { Length: > 0 })
                {
                    // the request's headers
                }

                var found = Files.TryGetValue(path, out var body);
                await stream.WriteAsync(
                    Encoding.ASCII.GetBytes(
                        $"HTTP/1.1 {(found ? "200 OK" : "404 Not Found")}\r\nContent-Length: {body?.Length ?? 0}\r\nConnection: close\r\n\r\n"
                    )
                );
                await stream.WriteAsync(body ?? []);
            }
        }
    }
}
