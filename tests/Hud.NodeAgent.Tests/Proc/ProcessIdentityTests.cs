using System.Globalization;
using Hud.NodeAgent.Proc;

namespace Hud.NodeAgent.Tests.Proc;

public sealed class ProcessIdentityTests
{
    private static string Stat(
        long start = 4711,
        ulong code = 0x1000,
        ulong stack = 0x7000,
        string name = "a) b",
        char state = 'S',
        int threads = 4
    )
    {
        string[] fields = [.. Enumerable.Repeat("0", 50)];
        fields[0] = state.ToString();
        fields[17] = threads.ToString(CultureInfo.InvariantCulture);
        fields[19] = start.ToString(CultureInfo.InvariantCulture);
        fields[23] = code.ToString(CultureInfo.InvariantCulture);
        fields[25] = stack.ToString(CultureInfo.InvariantCulture);
        return $"4242 ({name}) {string.Join(' ', fields)}\n";
    }

    [Fact]
    public void A_process_is_known_by_its_start_and_its_program_by_where_that_lies()
    {
        var identity = ProcessIdentity.Parse(Stat());
        Assert.Equal(new ProcessIdentity(4711, 0x1000, 0x7000), identity);
        Assert.Equal(Presence.Same, identity.Compare(Stat(name: "renamed")));
        Assert.Equal(Presence.Ended, identity.Compare(Stat(start: 4712)));
        Assert.Equal(Presence.Ended, identity.Compare(""));
        Assert.Equal(Presence.Ended, identity.Compare(Stat(state: 'Z', threads: 1)));
        Assert.Equal(Presence.Replaced, identity.Compare(Stat(code: 0x2000)));
        Assert.Equal(Presence.Replaced, identity.Compare(Stat(stack: 0x8000)));
    }

    [Fact]
    public void What_is_not_shown_says_nothing()
    {
        var identity = ProcessIdentity.Parse(Stat());
        // the first thread has ended and the others go on, or the reader may not know
        Assert.Equal(Presence.Same, identity.Compare(Stat(code: 0, stack: 0, state: 'Z')));
        Assert.Equal(Presence.Same, identity.Compare(Stat(code: 1, stack: 0)));
        Assert.Equal(Presence.Same, ProcessIdentity.Of(Environment.ProcessId).LookAgain(Environment.ProcessId));
    }
}
