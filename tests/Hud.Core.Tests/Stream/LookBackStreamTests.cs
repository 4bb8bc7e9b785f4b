using System.Text;
using System.Text.Json;
using Hud.Core.Profile;
using Hud.Core.Stream;

namespace Hud.Core.Tests.Stream;

/// <summary>Answers to a request during the run, between the other messages of the stream.</summary>
public sealed class LookBackStreamTests
{
    private readonly MemoryStream _output = new();
    private readonly AgentStreamWriter _writer;
    private readonly AgentStreamReader _reader = new();

    public LookBackStreamTests() => _writer = new AgentStreamWriter(_output);

    private static ProfileDocument Named(string verdict) =>
        new()
        {
            Verdict = verdict,
            LookBack = new LookBack { WantedNs = 120_000_000_000 },
        };

    /// <summary>Of random names, which do not compress.</summary>
    private static ProfileDocument Large(string verdict)
    {
        var random = new Random(1);
        string Name() => Convert.ToHexString([.. Enumerable.Range(0, 64).Select(_ => (byte)random.Next(256))]);
        return Named(verdict) with
        {
            StackTable =
            [
                .. Enumerable
                    .Range(0, 8000)
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

    private void Read(IEnumerable<byte[]> lines)
    {
        foreach (byte[] line in lines)
            _reader.Accept(line);
    }

    [Fact]
    public void It_is_told_apart_from_the_profile_of_the_run()
    {
        _writer.Write(new HelloMessage { LookBackNs = 1 });
        _writer.WriteLookBack(1, Named("the last while"));
        _writer.Write(new ProgressMessage());
        _writer.WriteProfile(new ProfileDocument { Verdict = "the run" });
        _writer.Write(new EndMessage { Reason = "Completed" });
        Read(Lines());

        Assert.Equal("the run", _reader.Profile!.Verdict);
        Assert.Null(_reader.Profile.LookBack);
        var answer = _reader.TakeLookBack()!;
        Assert.Equal(("the last while", ""), (answer.Document!.Verdict, answer.Problem));
        Assert.Equal(120_000_000_000, answer.Document.LookBack!.WantedNs);
        Assert.Null(_reader.TakeLookBack());
        Assert.Equal((0, 0, ""), (_reader.MissingLines, _reader.BadLines, _reader.ProfileError));
    }

    [Fact]
    public void Parts_come_with_other_messages_between_them()
    {
        _writer.WriteLookBack(1, Large("in parts"));
        var parts = Lines();
        Assert.True(parts.Count > 2, "one part shows nothing");
        _reader.Accept(parts[0]);
        Assert.False(_reader.IsReceiving); // of the run's profile there is nothing
        foreach (byte[] part in parts.Skip(1))
        {
            Assert.Null(_reader.TakeLookBack());
            _reader.Accept(part);
        }

        Assert.Equal("in parts", _reader.TakeLookBack()!.Document!.Verdict);
    }

    [Fact]
    public void An_answer_that_breaks_off_gives_way_to_the_next()
    {
        _writer.WriteLookBack(1, Large("broken off"));
        var first = Lines();
        _writer.WriteLookBack(2, Named("whole"));
        Read([first[0], Lines()[^1]]);
        Assert.Equal("whole", _reader.TakeLookBack()!.Document!.Verdict);
        Read(first); // what comes late of the first is nothing any more
        Assert.Null(_reader.TakeLookBack());
    }

    [Fact]
    public void A_refusal_says_why()
    {
        _writer.Write(new LookBackMessage { Number = 1, Refused = "nothing is kept" });
        Read(Lines());
        Assert.Equal(new LookBackAnswer(null, "nothing is kept"), _reader.TakeLookBack());
        Assert.Null(_reader.TakeLookBack());
    }

    [Fact]
    public void An_answer_says_whose_it_is_also_when_the_next_has_begun()
    {
        _writer.WriteLookBack(1, Named("first"), "a");
        _writer.WriteLookBack(2, Large("second"), "b");
        Read(Lines()[..^1]);
        var first = _reader.TakeLookBack()!;
        Assert.Equal(("first", "a"), (first.Document!.Verdict, first.Request));
        Read(Lines()[^1..]);
        var second = _reader.TakeLookBack()!;
        Assert.Equal(("second", "b"), (second.Document!.Verdict, second.Request));
        _writer.Write(new LookBackMessage { Number = 3, Refused = "no" });
        Read(Lines()[^1..]);
        Assert.Equal(new LookBackAnswer(null, "no"), _reader.TakeLookBack());
    }

    [Fact]
    public void A_part_that_was_changed_is_no_answer_and_does_not_touch_the_profile()
    {
        _writer.WriteLookBack(1, Named("changed"));
        _writer.WriteProfile(new ProfileDocument { Verdict = "the run" });
        var lines = Lines();
        var message = (LookBackMessage)JsonSerializer.Deserialize(lines[0], HudJson.Default.StreamMessage)!;
        byte[] data = Convert.FromBase64String(message.Data);
        data[^1] ^= 1;
        lines[0] = JsonSerializer.SerializeToUtf8Bytes(
            message with
            {
                Data = Convert.ToBase64String(data),
            },
            HudJson.Default.StreamMessage
        );
        Read(lines);
        Assert.Null(_reader.TakeLookBack()!.Document);
        Assert.Equal(("the run", ""), (_reader.Profile!.Verdict, _reader.ProfileError));
    }

    public static TheoryData<string, LookBackMessage> Nonsense() =>
        new()
        {
            {
                "part 0",
                new LookBackMessage
                {
                    Number = 1,
                    Parts = 1,
                    Data = "AAAA",
                }
            },
            {
                "a million parts",
                new LookBackMessage
                {
                    Number = 1,
                    Part = 1,
                    Parts = 1_000_000,
                    Data = "AAAA",
                }
            },
            {
                "no base64",
                new LookBackMessage
                {
                    Number = 1,
                    Part = 1,
                    Parts = 1,
                    Data = "***",
                }
            },
            {
                "the wrong hash",
                new LookBackMessage
                {
                    Number = 1,
                    Part = 1,
                    Parts = 1,
                    Sha256 = "0",
                    Data = "AAAA",
                }
            },
        };

    [Theory]
    [MemberData(nameof(Nonsense))]
    public void Nonsense_is_a_problem_and_nothing_is_kept_of_it(string what, LookBackMessage message)
    {
        _writer.Write(message);
        Read(Lines());
        var answer = _reader.TakeLookBack();
        Assert.True(answer is { Document: null, Problem.Length: > 0 }, what);
    }

    [Fact]
    public void More_bytes_than_a_profile_may_have_are_not_kept()
    {
        string data = Convert.ToBase64String(new byte[StreamLimits.ProfilePartBytes]);
        for (int part = 1; part <= 20; part++)
            _writer.Write(
                new LookBackMessage
                {
                    Number = 1,
                    Part = part,
                    Parts = 20,
                    Sha256 = "x",
                    Data = data,
                }
            );
        Read(Lines());
        Assert.Contains("does not belong", _reader.TakeLookBack()!.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void One_that_expands_without_end_is_not_opened()
    {
        using var packed = new MemoryStream();
        using (
            var gzip = new System.IO.Compression.GZipStream(
                packed,
                System.IO.Compression.CompressionLevel.Fastest,
                true
            )
        )
            gzip.Write(new byte[StreamLimits.MaxProfileBytes + 1]);
        byte[] bytes = packed.ToArray();
        _writer.Write(
            new LookBackMessage
            {
                Number = 1,
                Part = 1,
                Parts = 1,
                Sha256 = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(bytes)),
                Data = Convert.ToBase64String(bytes),
            }
        );
        Read(Lines());
        Assert.Contains("larger than its bound", _reader.TakeLookBack()!.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_reader_that_opens_nothing_keeps_nothing_of_it()
    {
        _writer.WriteLookBack(1, Named("not asked for"));
        var reader = new AgentStreamReader(open: false);
        foreach (byte[] line in Lines())
            Assert.IsType<LookBackMessage>(reader.Accept(line));
        Assert.Null(reader.TakeLookBack());
        Assert.Equal(0, reader.BadLines);
    }

    [Fact]
    public void A_hello_of_an_agent_that_knows_no_look_back_says_that_it_keeps_none()
    {
        var hello = (HelloMessage)
            JsonSerializer.Deserialize("""{"t":"hello","v":1,"seq":1}"""u8, HudJson.Default.StreamMessage)!;
        Assert.Equal(0, hello.LookBackNs);
    }
}
