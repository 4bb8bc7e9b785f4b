using System.Buffers.Binary;
using Hud.Elf;

namespace Hud.Tokio.Tests;

/// <summary>From slot 1 of a task's vtable to a place that is cheap to probe and at which the task's header is known.</summary>
public sealed class WakeSitesTests
{
    private const ulong Text = 0x401000;
    private const ulong Data = 0x402000;
    private const int Rsi = 4;
    private const int Rdi = 5;
    private const int Rbx = 3;

    private static WakeSites Find(string hex, params ulong[] words)
    {
        byte[] code = new byte[256];
        Array.Fill(code, (byte)0xcc);
        Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal)).CopyTo(code, 0);
        return WakeSites.Find(
            VtableShapeTests.Program(words.Length == 0 ? [0] : words, code),
            [default(TaskVtable) with { Schedule = Text }]
        );
    }

    private static (ulong Offset, HeaderPlace Header)? Site(string hex, params ulong[] words) =>
        Find(hex, words).Sites is [var site] ? (site.Address - Text, site.Header) : null;

    /// <summary><c>mov %rdi,%rsi; mov 16(%rdi),%rax; mov 64(%rax),%rdi; add %rsi,%rdi</c></summary>
    private const string Begin = "48 89 fe 48 8b 47 10 48 8b 78 40 48 01 f7 ";

    [Fact]
    public void A_first_instruction_that_is_emulated_is_the_place() =>
        Assert.Equal<(ulong, HeaderPlace)?>((0, new HeaderPlace(Rdi)), Site("53 48 89 fb c3"));

    [Fact]
    public void The_jump_to_the_scheduler_is_the_place_where_all_before_it_would_be_single_stepped() =>
        Assert.Equal<(ulong, HeaderPlace)?>((14, new HeaderPlace(Rsi)), Site(Begin + "e9 00 01 00 00"));

    [Fact]
    public void Behind_an_endbr64_the_same() =>
        Assert.Equal<(ulong, HeaderPlace)?>(
            (18, new HeaderPlace(Rsi)),
            Site("f3 0f 1e fa " + Begin + "e9 00 01 00 00")
        );

    [Fact]
    public void A_jump_by_a_pointer_is_followed()
    {
        // jmp *(Data - next)(%rip) to Text + 64, where a push is
        string jump = "ff 25 " + Hex((int)(Data - Text) - 20);
        string padded = (Begin + jump).Replace(" ", "", StringComparison.Ordinal).PadRight(128, 'c') + "55";
        Assert.Equal<(ulong, HeaderPlace)?>((64, new HeaderPlace(Rsi)), Site(padded, Text + 64));
        Assert.Null(Site(padded, 0x100)); // leads to no code
    }

    [Theory]
    [InlineData("48 83 ec 28 48 89 74 24 18 48 8d 74 24 08 48 8d 3d 00 00 00 00 e8 00 01 00 00", 0x18)] // from %rsi
    [InlineData("48 83 ec 28 48 89 74 24 18 31 f6 31 ff 48 83 ec 10 e8 00 01 00 00", 0x28)] // the stack grew further
    public void A_header_on_the_stack_is_found_there(string code, int offset) =>
        Assert.Equal(offset, Site("48 89 fe 31 ff " + code)!.Value.Header.StackOffset);

    [Theory]
    [InlineData("48 89 fb 31 ff e8 00 01 00 00", Rbx)] // kept in %rbx
    [InlineData("48 89 fb 89 ff e8 00 01 00 00", Rbx)] // mov %edi,%edi clears the upper half of %rdi
    public void A_header_in_another_register_is_found_there(string code, int register) =>
        Assert.Equal(register, Site(code)!.Value.Header.Register);

    [Theory]
    [InlineData("31 ff e8 00 01 00 00")] // overwritten
    [InlineData("48 8d 7f 08 e8 00 01 00 00")] // moved on
    [InlineData("48 89 7c 24 f8 31 ff e8 00 01 00 00")] // below the stack pointer: a signal may write there
    [InlineData("48 83 ec 18 48 89 7c 24 08 31 ff 89 44 24 0c e8 00 01 00 00")] // half of the slot was overwritten
    [InlineData("48 83 ec 18 48 89 7c 24 08 31 ff 48 89 00 e8 00 01 00 00")] // written to who knows where
    [InlineData("48 83 ec 18 48 89 7c 24 08 31 ff 48 83 e4 80 e8 00 01 00 00")] // the stack pointer is aligned
    [InlineData("48 8b 47 10 c3")] // ends before
    [InlineData("ff e0")] // goes to who knows where
    [InlineData("0f 0b")]
    [InlineData("06 06")]
    public void Without_a_place_the_slot_is_told(string code)
    {
        var found = Find(code);
        Assert.Empty(found.Sites);
        Assert.Equal([Text], found.Unseen);
    }

    [Fact]
    public void Code_without_end_is_given_up()
    {
        // jmp *(Data - 6)(%rip) to itself
        Assert.Null(Site("ff 25 " + Hex((int)(Data - Text) - 6), Text));
        Assert.Null(Site(string.Concat(Enumerable.Repeat("48 89 fe ", 80))));
    }

    [Fact]
    public void Two_slots_with_one_place_are_one_breakpoint_that_goes_by_neither()
    {
        byte[] code = new byte[256];
        Array.Fill(code, (byte)0xcc);
        byte[] one = Convert.FromHexString("4889FEFF25"); // mov %rdi,%rsi; jmp *disp(%rip)
        foreach (int at in (int[])[0, 32])
        {
            one.CopyTo(code, at);
            BinaryPrimitives.WriteInt32LittleEndian(code.AsSpan(at + 5), (int)(Data - Text) - at - 9);
        }

        code[64] = 0x55;
        var found = WakeSites.Find(
            VtableShapeTests.Program([Text + 64], code),
            [default(TaskVtable) with { Schedule = Text }, default(TaskVtable) with { Schedule = Text + 32 }]
        );
        var site = Assert.Single(found.Sites);
        Assert.Equal((Text + 64, 0UL), (site.Address, site.Schedule));
        Assert.Empty(found.Unseen);
    }

    /// <summary>As people build it, with and without symbols, and with the oldest and the newest Tokio that is built here.</summary>
    [Theory]
    [InlineData("tokio124-release", "cpu_hog")]
    [InlineData("tokio124-release", "current_thread")]
    [InlineData("tokio124-release", "local_set")]
    [InlineData("tokio124-stripped", "cpu_hog")]
    [InlineData("tokio124-lto-abort", "cpu_hog")]
    [InlineData("tokio143-release", "cpu_hog")]
    [InlineData("tokio143-release", "current_thread")]
    [InlineData("tokio143-release", "local_set")]
    [InlineData("tokio143-lines", "cpu_hog")]
    [InlineData("tokio143-stripped", "cpu_hog")]
    [InlineData("tokio143-lto-abort", "cpu_hog")]
    [InlineData("tokio143-v0", "cpu_hog")]
    [InlineData("tokio143-relr", "cpu_hog")]
    [InlineData("tokio143-nopie", "cpu_hog")]
    [InlineData("tokio143-static-pie", "cpu_hog")]
    [InlineData("tokio-new-release", "alike")]
    [InlineData("tokio-new-release", "local_set")]
    [InlineData("tokio-new-lto-abort", "block_in_place")]
    public void Wakes_of_every_task_type_of_a_real_program_pass_a_place(string set, string name)
    {
        var elf = Workloads.Open(set, name);
        var found = TokioBinary.Discover(elf);
        Assert.NotEmpty(found.Types);
        Assert.All(found.Types, t => Assert.True(t.ShowsWakes, $"{t.Name}: schedule at {t.Vtable.Schedule:x}"));
        Assert.All(found.Wakes, w => Assert.Equal(ProbeSiteVerdict.Cheap, ProbeSite.Check(elf, w.Address).Verdict));
    }

    private static string Hex(int value)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
        return Convert.ToHexString(bytes);
    }
}
