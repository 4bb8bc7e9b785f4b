using Hud.Elf;
using Hud.Symbolization;

namespace Hud.Tokio.Tests;

/// <summary>The scan against the symbol tables of real programs: what it must find without them.</summary>
public sealed class VtableScannerTests
{
    public static TheoryData<string> Named =>
        [
            "tokio143-release",
            "tokio143-lines",
            "tokio143-lto-abort",
            "tokio143-v0",
            "tokio143-relr",
            "tokio143-nopie",
            "tokio143-static-pie",
            "tokio124-release",
            "tokio124-lto-abort",
            "tokio-new-release",
        ];

    [Theory]
    [MemberData(nameof(Named))]
    public void The_scan_finds_exactly_the_poll_functions_of_the_symbol_table(string set)
    {
        foreach (string program in (string[])["cpu_hog", "sleep"])
        {
            var elf = Workloads.Open(set, program);
            var expected = PollSymbols(elf);
            var found = VtableScanner.Scan(elf);

            Assert.NotEmpty(expected);
            Assert.Equal(expected.Order(), found.Select(v => v.Poll).Distinct().Order());
        }
    }

    [Theory]
    [MemberData(nameof(Named))]
    public void Async_tasks_are_distinguished_from_blocking_ones_and_named(string set)
    {
        var binary = TokioBinary.Discover(Workloads.Open(set, "cpu_hog"));

        Assert.Equal(
            ["cpu_hog::handle_request", "workloads::heartbeat"],
            binary.Types.Select(t => t.Name).Distinct().Order(StringComparer.Ordinal)
        );
        Assert.Empty(binary.Refused);
        Assert.False(binary.FromSymbols);
        Assert.True(binary.BlockingTypes >= 1, "the worker's main loop is a blocking task, and it must not be probed");
    }

    [Theory]
    [InlineData("tokio143-release", "tokio143-stripped")]
    [InlineData("tokio124-release", "tokio124-stripped")]
    public void Stripping_changes_nothing_but_names(string whole, string stripped)
    {
        foreach (string program in (string[])["cpu_hog", "mutex", "spawn_blocking", "throughput"])
        {
            var before = TokioBinary.Discover(Workloads.Open(whole, program));
            var after = TokioBinary.Discover(Workloads.Open(stripped, program));

            Assert.NotEmpty(after.Types);
            Assert.Equal(
                before.Types.Select(t => t with { Name = "", Code = [] }),
                after.Types.Select(t => t with { Code = [] })
            );
            Assert.Equal(before.Types.SelectMany(t => t.Code), after.Types.SelectMany(t => t.Code));
            Assert.Equal(before.BlockingTypes, after.BlockingTypes);
            Assert.Equal(before.TokioVersion, after.TokioVersion);
        }
    }

    [Theory]
    [InlineData("tokio124-release", "1.24.2")]
    [InlineData("tokio124-stripped", "1.24.2")]
    [InlineData("tokio143-release", "1.43.")]
    [InlineData("tokio143-lto-abort", "1.43.")]
    [InlineData("tokio-new-release", "1.")]
    public void The_version_is_read_from_the_paths_of_panic_messages(string set, string version) =>
        Assert.StartsWith(
            version,
            TokioBinary.Discover(Workloads.Open(set, "cpu_hog")).TokioVersion,
            StringComparison.Ordinal
        );

    [Theory]
    [InlineData("tokio143-release")]
    [InlineData("tokio124-release")]
    [InlineData("tokio143-lto-abort")]
    public void Spawn_blocking_closures_are_never_probed(string set)
    {
        var elf = Workloads.Open(set, "spawn_blocking");
        var vtables = VtableScanner.Scan(elf);
        var binary = TokioBinary.Discover(elf);

        Assert.True(binary.BlockingTypes >= 2, "the worker's main loop and the closure");
        var blocking = vtables.Where(v => v.Kind == TaskKind.Blocking).Select(v => v.Poll).ToHashSet();
        Assert.DoesNotContain(binary.Types, t => blocking.Contains(t.Vtable.Poll));
    }

    [Fact]
    public void One_future_on_two_schedulers_is_two_types()
    {
        // tokio::spawn is compiled for both kinds of runtime
        var types = TokioBinary
            .Discover(Workloads.Open("tokio143-release", "cpu_hog"))
            .Types.Where(t => t.Name == "workloads::heartbeat")
            .ToList();
        Assert.Equal([0, 1], types.Select(t => t.Scheduler).Order());
        Assert.Equal(2, types.Select(t => t.FileOffset).Distinct().Count());
    }

    [Theory]
    [InlineData("/bin/ls")]
    [InlineData("/bin/bash")]
    [InlineData("/lib/x86_64-linux-gnu/libc.so.6")]
    public void A_program_without_Tokio_has_no_tasks(string path)
    {
        Assert.True(FileByteSource.TryOpen(path, out var source, out string error), error);
        Assert.True(ElfFile.TryOpen(source, out var elf, out error), error);
        var binary = TokioBinary.Discover(elf);
        Assert.False(binary.HasTokio);
        Assert.Equal("", binary.TokioVersion);
    }

    private static List<ulong> PollSymbols(ElfFile elf)
    {
        var found = new HashSet<ulong>();
        foreach (var function in elf.Functions.Functions)
        {
            string raw = elf.Functions.NameOf(function);
            if (!raw.Contains("runtime4task3raw4poll", StringComparison.Ordinal))
                continue;
            if (Demangler.Demangle(raw).Split('<')[0].TrimEnd(':') == "tokio::runtime::task::raw::poll")
                found.Add(function.Address);
        }

        return [.. found];
    }
}
