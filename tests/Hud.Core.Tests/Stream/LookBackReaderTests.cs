using System.Text;
using Hud.Core.Profile;
using Hud.Core.Stream;

namespace Hud.Core.Tests.Stream;

/// <summary>The answer to one request, in a stream that has others' as well.</summary>
public sealed class LookBackReaderTests
{
    private readonly MemoryStream _output = new();
    private readonly AgentStreamWriter _writer;

    public LookBackReaderTests() => _writer = new AgentStreamWriter(_output);

    /// <summary>Of random names, which do not compress: several parts.</summary>
    private static ProfileDocument Large(string verdict, int seed)
    {
        var random = new Random(seed);
        string Name() => Convert.ToHexString([.. Enumerable.Range(0, 64).Select(_ => (byte)random.Next(256))]);
        return new ProfileDocument
        {
            Verdict = verdict,
            LookBack = new LookBack { WantedNs = 1 },
            StackTable =
            [
                .. Enumerable
                    .Range(0, 4000)
                    .Select(_ => new StackEntry { Frames = [new ProfileFrame { Function = Name() }] }),
            ],
        };
    }

    private List<byte[]> Lines() =>
        [
            .. Encoding
                .UTF8.GetString(_output.ToArray())
                .Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(Encoding.UTF8.GetBytes),
        ];

    private static string? Verdict(LookBackReader reader) =>
        reader.TakePacked() is { } packed ? ProfilePack.Open(packed, out _, out _)?.Verdict : null;

    private static void Read(LookBackReader reader, IEnumerable<byte[]> lines)
    {
        foreach (byte[] line in lines)
            reader.Accept(line);
    }

    [Fact]
    public void Only_the_answer_to_its_own_request_is_kept()
    {
        _writer.Write(new HelloMessage());
        _writer.WriteLookBack(1, Large("by a signal", 1));
        _writer.WriteLookBack(2, Large("another's", 2), "uid-2");
        _writer.Write(new ProgressMessage());
        _writer.WriteLookBack(3, Large("its own", 3), "uid-1");
        _writer.WriteLookBack(4, Large("a third's", 4), "uid-3");

        var reader = new LookBackReader("uid-1");
        Read(reader, Lines());

        Assert.True(reader.IsDone);
        Assert.Equal("", reader.Problem);
        Assert.Equal("its own", Verdict(reader));
        Assert.Null(reader.TakePacked());
        Assert.False(reader.IsReceiving);
    }

    [Fact]
    public void A_reading_that_breaks_off_is_made_again_from_any_line_on()
    {
        _writer.WriteLookBack(1, Large("its own", 1), "uid-1");
        var lines = Lines();
        Assert.True(lines.Count > 1);
        var reader = new LookBackReader("uid-1");
        Read(reader, lines[..1]);
        Assert.True(reader.IsReceiving);
        Assert.False(reader.IsDone);
        reader.Rewind();
        Assert.False(reader.IsReceiving);

        Read(reader, lines[1..]);
        Assert.False(reader.IsDone);
        Read(reader, lines);
        Assert.Equal("its own", Verdict(reader));
    }

    /// <summary>An agent that is started again in the middle of its answer makes another one.</summary>
    [Fact]
    public void Half_an_answer_of_an_agent_before_does_not_spoil_the_one_that_follows()
    {
        _writer.WriteLookBack(1, Large("before", 1), "uid-1");
        byte[] half = Lines()[0];
        _output.SetLength(0);
        new AgentStreamWriter(_output).WriteLookBack(1, Large("after", 2), "uid-1");
        var reader = new LookBackReader("uid-1");
        Read(reader, [half, .. Lines()]);
        Assert.Equal(("after", ""), (Verdict(reader), reader.Problem));
    }

    [Fact]
    public void A_refusal_is_an_answer_and_damage_is_none()
    {
        var refused = new LookBackReader("uid-1");
        _writer.Write(
            new LookBackMessage
            {
                Number = 1,
                Request = "uid-1",
                Refused = "this run keeps no look-back",
            }
        );
        byte[] line = Assert.Single(Lines());
        foreach (int cut in (int[])[0, 5, 15, line.Length - 1])
            refused.Accept(line.AsSpan(0, cut));
        Assert.False(refused.IsDone);
        refused.Accept(line);
        Assert.True(refused.IsDone);
        Assert.Equal("this run keeps no look-back", refused.Problem);
        Assert.Null(refused.TakePacked());

        var other = new LookBackReader("uid-2");
        other.Accept(line);
        Assert.False(other.IsDone);
    }

    [Fact]
    public void A_hash_that_does_not_fit_is_a_problem()
    {
        var reader = new LookBackReader("uid-1");
        _writer.Write(
            new LookBackMessage
            {
                Request = "uid-1",
                Part = 1,
                Parts = 1,
                Sha256 = "00",
                Data = "AAAA",
            }
        );
        Read(reader, Lines());
        Assert.True(reader.IsDone);
        Assert.Contains("hash", reader.Problem, StringComparison.Ordinal);
        Assert.Null(reader.TakePacked());
    }
}
