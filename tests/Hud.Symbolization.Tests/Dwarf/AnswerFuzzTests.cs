using Hud.Tests.Support;

namespace Hud.Symbolization.Tests.Dwarf;

/// <summary>The helper has been reading hostile files: one that was taken over answers whatever it likes to the privileged agent.</summary>
public sealed class AnswerFuzzTests
{
    private static readonly ulong[] Addresses = [0x1000, 0x1010, 0x2000];

    private static byte[] Answer(string error = "") =>
        SymbolizerMessages
            .Answer(
                new SymbolizerAnswer(
                    error,
                    true,
                    [
                        new RawLocation("_ZN4shop4hash17h0123456789abcdefE", "/src", "main.rs", []),
                        new RawLocation(
                            "_RNvC4shop5login",
                            "/src/shop",
                            "src/lib.rs",
                            [
                                new RawFrame("_ZN4shop4hash17h0123456789abcdefE", true, "src/hash.rs", 12, true),
                                new RawFrame("login", false, "src/lib.rs", 40, false),
                            ]
                        ),
                        RawLocation.Nothing,
                    ]
                )
            )
            .ToArray();

    [Fact]
    public void A_damaged_answer_is_refused_or_gives_names() =>
        Fuzz.Run(
            "helper's answer",
            [Answer(), Answer("no such file")],
            (bytes, _) =>
            {
                SymbolizerAnswer answer;
                try
                {
                    answer = SymbolizerMessages.ReadAnswer(bytes, Addresses.Length);
                }
                catch (Exception e) when (SymbolizerClient.IsBadAnswer(e))
                {
                    return;
                }

                if (answer.Error.Length > 0)
                    return; // then nothing else of it is looked at
                Assert.Equal(Addresses.Length, answer.Locations.Length);
                var naming = new FrameNaming();
                for (int i = 0; i < Addresses.Length; i++)
                {
                    var frames = naming.Name(new ModuleRef("/app", "", null), Addresses[i], answer.Locations[i]);
                    Assert.NotEmpty(frames);
                    Assert.All(frames, f => Assert.True(f.Line >= 0, $"line {f.Line}"));
                }
            }
        );

    [Fact]
    public void Of_an_answer_that_is_an_error_nothing_else_is_read()
    {
        var many = new RawLocation("f", "", "", Frames(255));
        byte[] answer = SymbolizerMessages
            .Answer(new SymbolizerAnswer("no", true, [.. Enumerable.Repeat(many, 20_000)]))
            .ToArray();
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Empty(SymbolizerMessages.ReadAnswer(answer, Addresses.Length).Locations);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 64 * 1024);
    }

    private static RawFrame[] Frames(int count) =>
        [.. Enumerable.Repeat(new RawFrame("f", false, "f.rs", 1, true), count)];

    [Fact]
    public void A_damaged_stream_of_answers_ends_or_is_refused() =>
        Fuzz.Run(
            "helper's messages",
            [
                [.. BitConverter.GetBytes(Answer().Length), .. Answer()],
            ],
            (bytes, _) =>
            {
                var stream = new MemoryStream(bytes);
                try
                {
                    while (SymbolizerMessages.Receive(stream) is { } message)
                        Assert.NotNull(SymbolizerMessages.ReadAnswer(message, Addresses.Length));
                }
                catch (Exception e) when (SymbolizerClient.IsBadAnswer(e))
                {
                    // as the client takes it
                }
            }
        );
}
