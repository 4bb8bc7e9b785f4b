using System.Text.Json;
using Hud.Core;
using Hud.Core.Diagnostics;
using Hud.Core.Stream;
using Hud.NodeAgent.Run;

namespace Hud.NodeAgent.Tests.Run;

/// <summary>The list is written by whoever may write the file: a volume of the cluster, or an attacker in its place.</summary>
public sealed class LookBackFileTests : IDisposable
{
    private const long Second = 1_000_000_000;
    private static readonly DateTimeOffset Boot = new(2026, 3, 1, 3, 0, 0, TimeSpan.Zero);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("hud-asks");
    private readonly List<Diagnostic> _warnings = [];
    private readonly LookBackFile _file;

    /// <summary>Of the clock of the day, against the one that does not jump.</summary>
    private TimeSpan _jump;

    public LookBackFileTests() =>
        _file = new LookBackFile(PathOfList, ns => Boot + _jump + TimeSpan.FromTicks(ns / 100), _warnings.Add);

    public void Dispose() => _folder.Delete(recursive: true);

    private string PathOfList => Path.Combine(_folder.FullName, "look-backs");

    private void Write(string text) => File.WriteAllText(PathOfList, text);

    private void Write(params LookBackRequest[] list) =>
        Write(JsonSerializer.Serialize(list, HudJson.Default.IReadOnlyListLookBackRequest));

    private static LookBackRequest Request(string id, double from, double until) =>
        new()
        {
            Id = id,
            From = Boot.AddSeconds(from),
            Until = Boot.AddSeconds(until),
        };

    /// <returns>The ids of all that is due then.</returns>
    private string[] Due(double seconds)
    {
        long now = (long)(seconds * Second);
        _file.Look(now);
        var due = new List<string>();
        while (_file.Take(now) is { } ask)
            due.Add(ask.Id);
        return [.. due];
    }

    [Fact]
    public void It_is_due_once_when_its_end_is_past()
    {
        Write(Request("a", 10, 60));
        Assert.Empty(Due(50));
        Assert.Empty(Due(59));
        Assert.Equal(["a"], Due(60));
        Assert.Empty(Due(61));
    }

    [Fact]
    public void Its_times_are_put_to_the_clock_of_the_run()
    {
        Write(Request("a", 10, 60));
        _file.Look(50 * Second);
        Assert.Equal(new LookBackAsk("a", 10 * Second, 60 * Second), _file.Take(70 * Second));
    }

    [Theory]
    [InlineData(3600)]
    [InlineData(-3600)]
    public void A_clock_that_jumps_moves_no_request_that_was_seen(int seconds)
    {
        Write(Request("a", 10, 60));
        Assert.Empty(Due(50));
        _jump = TimeSpan.FromSeconds(seconds);
        Write(Request("a", 10, 60), Request("b", 10, 4000));
        Assert.Empty(Due(59));
        Assert.Contains("a", Due(60));
    }

    [Fact]
    public void Several_are_due_in_the_order_of_the_list_and_doubles_are_one()
    {
        Write(Request("b", 0, 5), Request("a", 0, 5), Request("b", 0, 3));
        Assert.Equal(["b", "a"], Due(6));
        Assert.Empty(_warnings);
    }

    [Fact]
    public void What_was_answered_is_forgotten_with_the_entry_and_not_before()
    {
        Write(Request("a", 0, 5));
        Assert.Equal(["a"], Due(6));
        Write(Request("a", 0, 5), Request("b", 0, 5));
        Assert.Equal(["b"], Due(7));
        Write("no list");
        Assert.Empty(Due(8));
        Write([]);
        Assert.Empty(Due(9));
        Write(Request("a", 0, 5));
        Assert.Equal(["a"], Due(10));
    }

    [Fact]
    public void Until_it_was_answered_an_entry_may_change()
    {
        Write(Request("a", 0, 500));
        Assert.Empty(Due(6));
        Write(Request("a", 0, 7));
        Assert.Equal(["a"], Due(8));
        Write(Request("a", 0, 9));
        Assert.Empty(Due(10));
    }

    [Fact]
    public void Of_seventeen_the_first_sixteen_are_looked_at_and_the_last_when_there_is_a_place()
    {
        LookBackRequest[] many = [.. Enumerable.Range(0, 17).Select(i => Request($"r{i}", 0, 1))];
        Write(many);
        Assert.Equal(many.Take(16).Select(r => r.Id), Due(2));
        Assert.Contains("17 entries", Assert.Single(_warnings).Message, StringComparison.Ordinal);
        Write(many[1..]);
        Assert.Equal(["r16"], Due(3));
        Assert.Single(_warnings);
    }

    [Fact]
    public void Times_without_an_end_are_never_and_for_ever()
    {
        Write(
            new LookBackRequest
            {
                Id = "always",
                From = DateTimeOffset.MinValue,
                Until = DateTimeOffset.MinValue,
            },
            new LookBackRequest
            {
                Id = "never",
                From = DateTimeOffset.MinValue,
                Until = DateTimeOffset.MaxValue,
            }
        );
        Assert.Equal(["always"], Due(1));
        Assert.Equal("never", _file.Take(long.MaxValue)?.Id);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("[null]")]
    [InlineData("[{}]")]
    [InlineData("""[{"id":"a","from":"2026-03-01T03:00:00Z","until":"soon"}]""")]
    [InlineData("""[{"id":null,"from":"2026-03-01T03:00:00Z","until":"2026-03-01T03:00:00Z"}]""")]
    [InlineData("""[{"id":"a\u0007","from":"2026-03-01T03:00:00Z","until":"2026-03-01T03:00:00Z"}]""")]
    [InlineData("""[{"id":"a\nb","from":"2026-03-01T03:00:00Z","until":"2026-03-01T03:00:00Z"}]""")]
    [InlineData("""[{"id":"\u202e","from":"2026-03-01T03:00:00Z","until":"2026-03-01T03:00:00Z"}]""")]
    [InlineData("""[{"id":"a b","from":"2026-03-01T03:00:00Z","until":"2026-03-01T03:00:00Z"}]""")]
    public void What_is_no_list_leaves_the_last_one_and_is_told_once(string text)
    {
        Write(Request("a", 0, 5));
        Assert.Empty(Due(4));
        Write(text);
        Assert.Equal(["a"], Due(6));
        Write(text + " ");
        Assert.Empty(Due(7));
        Assert.Equal(DiagnosticKinds.LookBackLacking, Assert.Single(_warnings).Kind);
        Assert.DoesNotContain(_warnings[0].Message, char.IsControl);
        Write(Request("b", 0, 5));
        Assert.Equal(["b"], Due(8));
    }

    [Fact]
    public void An_id_has_253_characters_at_most_and_the_list_16_KiB()
    {
        Write(Request(new string('a', 253), 0, 5));
        Assert.Single(Due(6));
        Write(Request(new string('a', 254), 0, 5));
        Assert.Empty(Due(7));
        Assert.Contains("254 characters", Assert.Single(_warnings).Message, StringComparison.Ordinal);
        _warnings.Clear();
        var large = new LookBackFile(PathOfList, _ => Boot, _warnings.Add);
        Write($"[{new string(' ', 16 * 1024)}]");
        large.Look(0);
        Assert.Contains("are the most", Assert.Single(_warnings).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_not_there_is_told_once_and_one_that_comes_is_read()
    {
        Assert.Empty(Due(1));
        Assert.Empty(Due(2));
        Assert.Single(_warnings);
        Write(Request("a", 0, 2));
        Assert.Equal(["a"], Due(3));
    }
}
