using System.Text;
using Hud.Core.Profile;
using Hud.Core.Stream;

namespace Hud.Core.Tests.Stream;

public class AgentStreamTests
{
    [Fact]
    public void A_whole_run_is_read_back_as_it_was_written()
    {
        var reader = Read(Run());

        Assert.Equal("Completed", reader.EndMessage!.Reason);
        Assert.Equal("all is well", reader.Profile!.Verdict);
        Assert.Equal((0, 0, ""), (reader.MissingLines, reader.BadLines, reader.ProfileError));
    }

    [Fact]
    public void A_large_profile_goes_in_parts_and_every_line_keeps_its_bound()
    {
        var document = Large(400);
        var lines = Run(document);

        Assert.True(lines.Count(l => Text(l).Contains("\"t\":\"profile\"", StringComparison.Ordinal)) > 1);
        Assert.All(lines, l => Assert.InRange(l.Length, 1, StreamLimits.MaxLineBytes));
        Assert.Equal(document.StackTable.Count, Read(lines).Profile!.StackTable.Count);
    }

    [Fact]
    public void Parts_are_kept_only_until_the_last_has_come_and_later_ones_never()
    {
        var lines = Run(Large(400));
        int last = lines.FindLastIndex(l => Text(l).Contains("\"t\":\"profile\"", StringComparison.Ordinal));
        var reader = new AgentStreamReader();
        foreach (var line in lines.Take(last))
            reader.Accept(line);
        Assert.InRange(reader.WaitingBytes, 1, StreamLimits.MaxCompressedProfileBytes);

        reader.Accept(lines[last]);
        var profile = reader.Profile;
        Assert.NotNull(profile);
        Assert.Equal(0, reader.WaitingBytes);

        // the same part under a new number, as a confused agent might send it
        var again = System.Text.Json.Nodes.JsonNode.Parse(lines[last])!;
        again["seq"] = 100000;
        Assert.NotNull(reader.Accept(Encoding.UTF8.GetBytes(again.ToJsonString())));
        Assert.Equal(0, reader.WaitingBytes);
        Assert.Same(profile, reader.Profile);
    }

    [Fact]
    public void A_profile_over_its_bound_is_cut_and_says_so()
    {
        var output = new MemoryStream();
        var writer = new AgentStreamWriter(output);

        var sent = writer.WriteProfile(Large(9000));

        Assert.True(sent.Truncated);
        Assert.True(sent.Losses.StacksCut > 0);
        var read = Read(Lines(output.ToArray())).Profile!;
        Assert.Equal((sent.Losses.StacksCut, true), (read.Losses.StacksCut, read.Truncated));
        Assert.All(read.Hotspots, h => Assert.InRange(h.StackIndex, -1, read.StackTable.Count - 1));
    }

    [Fact]
    public void Lines_may_arrive_in_any_pieces()
    {
        byte[] all = Joined(Run());
        for (int size = 1; size < 200; size += 13)
        {
            var reader = new AgentStreamReader();
            var lines = new StreamLines();
            for (int at = 0; at < all.Length; at += size)
                lines.Push(all.AsSpan(at, Math.Min(size, all.Length - at)), line => reader.Accept(line));

            Assert.NotNull(reader.EndMessage);
            Assert.NotNull(reader.Profile);
        }
    }

    [Fact]
    public void A_reader_that_starts_over_drops_what_it_has()
    {
        var lines = Run();
        var reader = new AgentStreamReader();
        int messages = 0;
        foreach (var line in lines.Take(3).Concat(lines).Concat(lines))
            messages += reader.Accept(line) is null ? 0 : 1;

        Assert.Equal(lines.Count, messages);
        Assert.Equal((0, 0), (reader.MissingLines, reader.BadLines));
    }

    [Fact]
    public void A_gap_is_counted()
    {
        var lines = Run();
        lines.RemoveRange(1, 2);

        Assert.Equal(2, Read(lines).MissingLines);
    }

    [Fact]
    public void An_excuse_in_the_place_of_a_reading_does_not_count_once_the_log_is_read()
    {
        var lines = Run();
        var reader = new AgentStreamReader();
        foreach (var line in lines.Take(2))
            reader.Accept(line);
        reader.BeginReading();
        Assert.Null(reader.Accept("unable to retrieve container logs"u8));
        Assert.Equal(0, reader.ReadSeq);
        reader.BeginReading();
        foreach (var line in lines)
            reader.Accept(line);
        Assert.Equal((0, 0), (reader.MissingLines, reader.BadLines));
        Assert.Equal(reader.LastSeq, reader.ReadSeq);
    }

    [Fact]
    public void A_line_cut_by_rotation_is_counted_as_bad_and_missing()
    {
        var lines = Run();
        lines[1] = lines[1][..(lines[1].Length / 2)];

        var reader = Read(lines);

        Assert.Equal((1, 1), (reader.BadLines, reader.MissingLines));
        Assert.NotNull(reader.EndMessage);
    }

    [Theory]
    [InlineData("not json")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("""{"t":"unknown","seq":1}""")]
    [InlineData("""{"t":"progress","seq":1,"summary":null}""")]
    [InlineData("""{"t":"progress","seq":"x"}""")]
    [InlineData("\u0000\u0001")]
    public void A_line_that_is_not_a_message_is_counted_and_not_thrown(string line)
    {
        var reader = new AgentStreamReader();

        Assert.Null(reader.Accept(Encoding.UTF8.GetBytes(line)));
        Assert.Equal(1, reader.BadLines);
    }

    [Fact]
    public void A_line_over_the_bound_is_one_bad_line_and_the_next_is_read()
    {
        byte[] huge = [.. Enumerable.Repeat((byte)'x', 3 * StreamLimits.MaxLineBytes), (byte)'\n', .. Joined(Run())];
        var reader = new AgentStreamReader();
        new StreamLines().Push(huge, line => reader.Accept(line));

        Assert.Equal(1, reader.BadLines);
        Assert.NotNull(reader.Profile);
    }

    [Fact]
    public void A_last_line_without_its_end_is_not_lost_silently()
    {
        var reader = new AgentStreamReader();
        var lines = new StreamLines();
        lines.Push("{\"t\":\"hello\",\"se"u8, line => reader.Accept(line));
        Assert.Equal(0, reader.BadLines);

        lines.End(line => reader.Accept(line));

        Assert.Equal(1, reader.BadLines);
    }

    [Fact]
    public void A_wrong_hash_gives_no_profile_and_says_why()
    {
        var reader = Read(Tampered("\"sha256\":\"", c => c == 'a' ? 'b' : 'a'));

        Assert.Null(reader.Profile);
        Assert.Contains("hash", reader.ProfileError, StringComparison.Ordinal);
        Assert.NotNull(reader.EndMessage);
    }

    [Fact]
    public void Changed_data_gives_no_profile_and_says_why()
    {
        var reader = Read(Tampered("\"data\":\"", c => c == 'A' ? 'B' : 'A'));

        Assert.Null(reader.Profile);
        Assert.NotEmpty(reader.ProfileError);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(2, 1)]
    [InlineData(1, 0)]
    [InlineData(1, 65)]
    [InlineData(-1, -1)]
    public void Parts_that_make_no_sense_are_refused(int part, int parts)
    {
        var reader = new AgentStreamReader();
        var output = new MemoryStream();
        new AgentStreamWriter(output).Write(
            new ProfilePartMessage
            {
                Part = part,
                Parts = parts,
                Data = "AA==",
                Sha256 = "x",
            }
        );

        reader.Accept(Lines(output.ToArray())[0]);

        Assert.NotEmpty(reader.ProfileError);
    }

    [Fact]
    public void A_profile_that_inflates_beyond_its_bound_is_refused()
    {
        var bomb = new MemoryStream();
        using (
            var gzip = new System.IO.Compression.GZipStream(
                bomb,
                System.IO.Compression.CompressionLevel.Fastest,
                leaveOpen: true
            )
        )
        {
            byte[] zeros = new byte[1024 * 1024];
            for (int i = 0; i <= StreamLimits.MaxProfileBytes / zeros.Length; i++)
                gzip.Write(zeros);
        }

        var output = new MemoryStream();
        var writer = new AgentStreamWriter(output);
        byte[] bytes = bomb.ToArray();
        string hash = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(bytes));
        int parts = (bytes.Length + StreamLimits.ProfilePartBytes - 1) / StreamLimits.ProfilePartBytes;
        for (int i = 0; i < parts; i++)
            writer.Write(
                new ProfilePartMessage
                {
                    Part = i + 1,
                    Parts = parts,
                    Sha256 = hash,
                    Data = Convert.ToBase64String(
                        bytes.AsSpan(
                            i * StreamLimits.ProfilePartBytes,
                            Math.Min(StreamLimits.ProfilePartBytes, bytes.Length - i * StreamLimits.ProfilePartBytes)
                        )
                    ),
                }
            );

        var reader = Read(Lines(output.ToArray()));

        Assert.Null(reader.Profile);
        Assert.Contains("bound", reader.ProfileError, StringComparison.Ordinal);
    }

    [Fact]
    public void A_writer_whose_reader_is_gone_goes_on_without_an_error()
    {
        var writer = new AgentStreamWriter(new BrokenPipe());

        writer.Write(new HelloMessage());
        writer.Write(new EndMessage());

        Assert.False(writer.CheckReader());
    }

    [Fact]
    public void A_reader_that_is_known_to_be_gone_stays_gone_and_gets_no_more_lines()
    {
        var output = new MemoryStream();
        bool gone = false;
        var writer = new AgentStreamWriter(output, () => gone);
        writer.Write(new HelloMessage());
        Assert.True(writer.CheckReader());

        gone = true;
        writer.Write(new EndMessage());
        Assert.False(writer.CheckReader());

        gone = false;
        Assert.False(writer.CheckReader());
        Assert.Single(Lines(output.ToArray()));
    }

    /// <summary>32 Ki characters that JSON writes as six bytes each: what a demangled name can be.</summary>
    private static readonly string Hostile = new('<', 32 * 1024);

    [Fact]
    public void A_progress_line_of_a_program_with_endless_names_is_sent_smaller()
    {
        var output = new MemoryStream();
        var writer = new AgentStreamWriter(output);
        var hotspot = new Hotspot
        {
            Rank = 1,
            Function = Hostile,
            UserFrame = Hostile,
            Task = Hostile,
            Location = Hostile,
            Stack = [.. Enumerable.Repeat(Hostile, 90)],
            HolderStack = [.. Enumerable.Repeat(Hostile, 90)],
        };
        writer.Write(
            new ProgressMessage
            {
                Verdict = Hostile,
                Hotspots =
                [
                    .. Enumerable.Range(1, StreamLimits.ProgressHotspots).Select(i => hotspot with { Rank = i }),
                ],
                Tasks =
                [
                    .. Enumerable.Repeat(
                        new TaskProfile
                        {
                            Name = Hostile,
                            Waits = new TaskWaits
                            {
                                Behind =
                                [
                                    .. Enumerable.Repeat(
                                        new WaitBehind { Function = Hostile },
                                        StreamLimits.ProgressBehind
                                    ),
                                ],
                            },
                        },
                        StreamLimits.ProgressTasks
                    ),
                ],
                Workers = [.. Enumerable.Repeat(new WorkerNow { Name = Hostile, Task = Hostile }, 128)],
                SlowPolls = [.. Enumerable.Repeat(new SlowPoll { WallNs = 1L << 50 }, StreamLimits.ProgressSlowPolls)],
                Summary = new ProfileSummary { SlowPolls = 7 },
            }
        );
        writer.Write(new EndMessage());

        var lines = Lines(output.ToArray());
        Assert.All(lines, l => Assert.InRange(l.Length, 1, StreamLimits.MaxLineBytes));
        var progress = Assert.IsType<ProgressMessage>(new AgentStreamReader().Accept(lines[0]));
        Assert.Equal((7, 1), (progress.Summary.SlowPolls, progress.Hotspots[0].Rank));
        Assert.StartsWith("<<<", progress.Hotspots[0].UserFrame, StringComparison.Ordinal);
        Assert.Equal((0, 0, 0), (writer.LeftOut, Read(lines).MissingLines, Read(lines).BadLines));
    }

    [Fact]
    public void A_target_and_a_warning_keep_their_line_whatever_they_report()
    {
        var output = new MemoryStream();
        var writer = new AgentStreamWriter(output);
        string endless = new('\u0001', StreamLimits.MaxLineBytes);
        writer.Write(
            new WarningMessage
            {
                Id = "HUD302",
                Text = endless,
                NextStep = endless,
            }
        );
        writer.Write(
            new TargetMessage
            {
                Index = 3,
                Target = new TargetProfile
                {
                    Process = endless,
                    Executable = endless,
                    BuildId = endless,
                    TokioVersion = endless,
                    Message = endless,
                    Reason = "NoProbeSites",
                },
            }
        );

        var lines = Lines(output.ToArray());
        var reader = new AgentStreamReader();
        Assert.Equal("HUD302", Assert.IsType<WarningMessage>(reader.Accept(lines[0])).Id);
        Assert.Equal("NoProbeSites", Assert.IsType<TargetMessage>(reader.Accept(lines[1])).Target.Reason);
    }

    [Fact]
    public void A_document_of_a_program_with_endless_names_is_cut_and_read()
    {
        var output = new MemoryStream();
        var stack = new StackEntry { Frames = [.. Enumerable.Repeat(new ProfileFrame { Function = Hostile }, 100)] };
        var sent = new AgentStreamWriter(output).WriteProfile(
            new ProfileDocument
            {
                Verdict = Hostile,
                StackTable = [.. Enumerable.Repeat(stack, 250)],
                Hotspots =
                [
                    .. Enumerable
                        .Range(0, 100)
                        .Select(i => new Hotspot
                        {
                            StackIndex = i,
                            Stack = [.. Enumerable.Repeat(Hostile, 100)],
                            Function = Hostile,
                        }),
                ],
                Tasks = [.. Enumerable.Repeat(new TaskProfile { Name = Hostile }, 200)],
            }
        );

        Assert.True(sent.Truncated);
        var reader = Read(Lines(output.ToArray()));
        Assert.Equal("", reader.ProfileError);
        Assert.StartsWith("<<<", reader.Profile!.Hotspots[0].Function, StringComparison.Ordinal);
    }

    [Fact]
    public void A_message_that_cannot_fit_is_left_out_and_counted_and_leaves_no_gap()
    {
        var output = new MemoryStream();
        var writer = new AgentStreamWriter(output);
        writer.Write(
            new HelloMessage { Agent = new AgentInfo { Kernel = new string('x', StreamLimits.MaxLineBytes) } }
        );

        writer.Write(new EndMessage());

        Assert.Equal(1, writer.LeftOut);
        Assert.Equal(0, Read(Lines(output.ToArray())).MissingLines);
    }

    [Fact]
    public void A_cut_text_has_no_half_characters()
    {
        string name = string.Concat(Enumerable.Repeat("\U0001F980", LineFitter.MaxText));
        foreach (string text in (string[])[name, "x" + name])
        {
            string cut = LineFitter
                .Cut(new ProgressMessage { Tasks = [new TaskProfile { Name = text }] })
                .Tasks[0]
                .Name;
            Assert.InRange(cut.Length, LineFitter.MaxText - 1, LineFitter.MaxText);
            Assert.False(char.IsHighSurrogate(cut[^2]));
        }
    }

    [Fact]
    public void What_waits_were_behind_is_cut_as_other_names_are()
    {
        var task = new TaskProfile
        {
            Waits = new TaskWaits { Count = 3, Behind = [new WaitBehind { Function = new string('x', 5000) }] },
        };
        foreach (
            var cut in (TaskProfile[])
                [
                    LineFitter.Cut(new ProgressMessage { Tasks = [task] }).Tasks[0],
                    LineFitter.Cut(new ProfileDocument { Tasks = [task] }).Tasks[0],
                ]
        )
        {
            Assert.Equal(3, cut.Waits!.Count);
            Assert.Equal(LineFitter.MaxText, Assert.Single(cut.Waits.Behind).Function.Length);
        }

        Assert.Equal(5000, LineFitter.Letters(new ProfileDocument { Tasks = [task] }));
    }

    private static List<byte[]> Run(ProfileDocument? document = null)
    {
        var output = new MemoryStream();
        var writer = new AgentStreamWriter(output);
        writer.Write(new HelloMessage { BudgetPercent = 1 });
        writer.Write(new TargetMessage());
        writer.Write(new ProgressMessage { ElapsedNs = 1_000_000_000 });
        writer.Write(new WarningMessage { Id = "HUD303", Text = "events were dropped" });
        writer.WriteProfile(document ?? new ProfileDocument { Verdict = "all is well" });
        writer.Write(new EndMessage { Reason = "Completed" });
        return Lines(output.ToArray());
    }

    /// <summary>Random names, because repeated ones compress to nothing.</summary>
    private static ProfileDocument Large(int stacks)
    {
        var random = new Random(1);
        return new ProfileDocument
        {
            StackTable =
            [
                .. Enumerable
                    .Range(0, stacks)
                    .Select(_ => new StackEntry
                    {
                        Frames = [.. Enumerable.Range(0, 10).Select(_ => new ProfileFrame { Function = Name(random) })],
                    }),
            ],
            Hotspots = [.. Enumerable.Range(0, stacks).Select(i => new Hotspot { StackIndex = i, Rank = i + 1 })],
        };
    }

    private static string Name(Random random) =>
        new([.. Enumerable.Range(0, 60).Select(_ => (char)random.Next('a', 'z'))]);

    private static List<byte[]> Tampered(string after, Func<char, char> change) =>
        [
            .. Run()
                .Select(line =>
                {
                    string text = Text(line);
                    int at = text.Contains("\"t\":\"profile\"", StringComparison.Ordinal)
                        ? text.IndexOf(after, StringComparison.Ordinal) + after.Length + 20
                        : -1;
                    return at < 0 ? line : Encoding.UTF8.GetBytes(text[..at] + change(text[at]) + text[(at + 1)..]);
                }),
        ];

    private static AgentStreamReader Read(List<byte[]> lines)
    {
        var reader = new AgentStreamReader();
        foreach (var line in lines)
            reader.Accept(line);
        return reader;
    }

    private static List<byte[]> Lines(byte[] bytes) =>
        [.. Text(bytes).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(Encoding.UTF8.GetBytes)];

    private static byte[] Joined(List<byte[]> lines) => [.. lines.SelectMany(l => l.Append((byte)'\n'))];

    private static string Text(byte[] bytes) => Encoding.UTF8.GetString(bytes);

    private sealed class BrokenPipe : MemoryStream
    {
        public override void Write(byte[] buffer, int offset, int count) => throw new IOException("Broken pipe");

        public override void Write(ReadOnlySpan<byte> buffer) => throw new IOException("Broken pipe");
    }
}
