using Hud.Cli.Local;
using Hud.Core.Diagnostics;

namespace Hud.Cli.Tests.Local;

public class ProcessResolverTests
{
    private const int Self = 900;

    private static readonly ProcessEntry[] Processes =
    [
        new(10, 1, "checkout", "/usr/bin/checkout", "checkout --port 80", 9),
        new(11, 1, "checkout-worker", "/usr/bin/checkout-worker", "checkout-worker", 3),
        new(20, 1, "cart", "/srv/cart", "/srv/cart a", 5),
        new(21, 1, "cart", "/srv/cart", "/srv/cart b", 6),
        new(30, 1, "tokio-runtime-w", "/opt/api-gateway", "api-gateway", 4),
        new(31, 1, "a-very-long-nam", "", "/opt/a-very-long-name-indeed --x", 2),
        new(800, 1, "sudo", "/usr/bin/sudo", "sudo hud checkout", 1),
        new(Self, 800, "hud", "/usr/bin/hud", "hud checkout", 12),
        new(1234, 1, "seven", "/bin/seven", "seven", 1),
    ];

    [Theory]
    [InlineData("checkout", 10)] // exactly, although another contains it
    [InlineData("checkout-w", 11)] // a part, when none is exactly that
    [InlineData("api-gateway", 30)] // by the executable although the thread renamed itself
    [InlineData("a-very-long-name-indeed", 31)] // the kernel keeps 15 characters
    [InlineData("GATEWAY", 30)]
    public void A_name_finds_its_process(string name, int pid) => Assert.Equal(pid, Resolve(new(name, null, null)).Pid);

    [Fact]
    public void A_pid_finds_its_process() => Assert.Equal(20, Resolve(new(null, 20, null)).Pid);

    [Theory]
    [InlineData("/srv/cart", 21, 21)]
    [InlineData("checkout-worker", null, 11)]
    [InlineData("/usr/bin/../bin/checkout", null, 10)]
    public void An_executable_finds_its_process(string path, int? pid, int found) =>
        Assert.Equal(found, Resolve(new(null, pid, path)).Pid);

    [Theory]
    [InlineData("checkout", null, null, "checkout")]
    [InlineData("api-gateway", null, null, "api-gateway")]
    [InlineData("checkout-w", null, null, "checkout-worker")] // a part of one name: the next one has the same
    [InlineData("c", null, null, "c")] // of several it is not
    [InlineData("not-there-yet", null, null, "not-there-yet")]
    [InlineData(null, 20, null, "/srv/cart")]
    [InlineData(null, 31, null, "a-very-long-nam")]
    [InlineData(null, null, "/usr/bin/../bin/new", "/usr/bin/new")]
    [InlineData(null, null, "cart", "cart")]
    public void What_is_followed_has_a_name_or_a_path(string? name, int? pid, string? executable, string followed) =>
        Assert.Equal(followed, ProcessResolver.FollowedName(new(name, pid, executable), Processes, Self));

    [Fact]
    public void A_pid_that_is_not_there_or_a_name_beside_a_path_cannot_be_followed()
    {
        var gone = Assert.Throws<DiagnosticException>(() =>
            ProcessResolver.FollowedName(new(null, 77, null), Processes, Self)
        );
        Assert.Equal(DiagnosticKinds.NoSuchProcess, gone.Diagnostic.Kind);
        var both = Assert.Throws<DiagnosticException>(() =>
            ProcessResolver.FollowedName(new("cart", null, "/srv/cart"), Processes, Self)
        );
        Assert.Equal(DiagnosticKinds.BadUsage, both.Diagnostic.Kind);
    }

    [Theory]
    [InlineData("nothing", null, null, "no process is named nothing")]
    [InlineData(null, 77, null, "no process has the pid 77")]
    [InlineData(null, null, "/bin/none", "no process runs /bin/none")]
    [InlineData("cart", 10, null, "process 10 is checkout, not cart")]
    [InlineData(null, 10, "/srv/cart", "process 10 runs /usr/bin/checkout, not /srv/cart")]
    [InlineData("hud", null, null, "no process is named hud")]
    [InlineData("sudo", null, null, "no process is named sudo")]
    public void What_is_not_there_is_HUD001(string? name, int? pid, string? executable, string message)
    {
        var diagnostic = Fails(new(name, pid, executable));

        Assert.Equal(DiagnosticKinds.NoSuchProcess, diagnostic.Kind);
        Assert.StartsWith(message, diagnostic.Message, StringComparison.Ordinal);
        Assert.NotEmpty(diagnostic.NextStep);
    }

    [Theory]
    [InlineData("chekout", null, "no process is named chekout; did you mean checkout?")]
    [InlineData(null, "/srv/chekout", "no process runs /srv/chekout; did you mean /usr/bin/checkout?")]
    [InlineData(null, "api-gatway", "no process runs api-gatway; did you mean api-gateway?")]
    [InlineData("api-gatway", null, "no process is named api-gatway; did you mean api-gateway?")]
    [InlineData("docter", null, "no process is named docter; did you mean the verb, hud doctor?")]
    public void A_misspelt_name_is_answered_with_the_right_one(string? name, string? executable, string message) =>
        Assert.Equal(
            message,
            Assert
                .Throws<DiagnosticException>(() =>
                    ProcessResolver.Resolve(new(name, null, executable), Processes, Self, ["doctor", "show"])
                )
                .Diagnostic.Message
        );

    [Theory]
    [InlineData("sevn")] // one thread runs no service
    [InlineData("hudd")] // we ourselves
    [InlineData("completely-different")]
    public void No_name_is_proposed_that_cannot_be_meant(string name) =>
        Assert.Equal($"no process is named {name}", Fails(new(name, null, null)).Message);

    [Fact]
    public void Several_are_HUD002_with_pid_threads_and_command_line()
    {
        var diagnostic = Fails(new("cart", null, null));

        Assert.Equal(DiagnosticKinds.SeveralProcesses, diagnostic.Kind);
        Assert.Contains("20  5 threads    /srv/cart a", diagnostic.Message, StringComparison.Ordinal);
        Assert.Contains("21  6 threads    /srv/cart b", diagnostic.Message, StringComparison.Ordinal);
        Assert.Equal("name one by its pid: hud --pid 20", diagnostic.NextStep);
    }

    [Fact]
    public void The_list_of_several_is_short_and_safe_to_print()
    {
        var many = Enumerable
            .Range(1, 500)
            .Select(i => new ProcessEntry(i, 0, "x", "/x", "x\x1b[2J" + new string('y', 500), 1))
            .ToList();

        string message = Assert
            .Throws<DiagnosticException>(() => ProcessResolver.Resolve(new("x", null, null), many, 0))
            .Diagnostic.Message;

        Assert.DoesNotContain('\x1b', message);
        Assert.InRange(message.Split('\n').Length, 3, 20);
        Assert.All(message.Split('\n'), line => Assert.InRange(line.Length, 0, 80));
        Assert.Contains("and 488 more", message, StringComparison.Ordinal);
    }

    private static ProcessEntry Resolve(ProcessQuery query) => ProcessResolver.Resolve(query, Processes, Self);

    private static Diagnostic Fails(ProcessQuery query) =>
        Assert.Throws<DiagnosticException>(() => Resolve(query)).Diagnostic;
}
