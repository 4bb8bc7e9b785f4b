namespace Hud.Tokio.Tests;

/// <summary>What the kernel emulates (arch/x86/kernel/uprobes.c) is cheap; all else is refused.</summary>
public sealed class ProbeSiteTests
{
    private const ulong Text = 0x401000;

    private static ProbeSite Check(string hex)
    {
        byte[] code = new byte[64];
        Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal)).CopyTo(code, 0);
        return ProbeSite.Check(VtableShapeTests.Program([0], code), Text);
    }

    [Theory]
    [InlineData("55")] // push %rbp
    [InlineData("41 57")] // push %r15
    [InlineData("eb 10")] // jmp short
    [InlineData("e9 00 10 00 00")] // jmp: raw::poll of ordinary release builds
    [InlineData("e8 00 10 00 00")] // call
    [InlineData("74 10")] // je
    [InlineData("0f 84 00 10 00 00")] // je near
    [InlineData("90")] // nop
    [InlineData("0f 1f 40 00")] // a 4-byte nop
    public void What_the_kernel_emulates_is_cheap(string code)
    {
        var site = Check(code);
        Assert.Equal(ProbeSiteVerdict.Cheap, site.Verdict);
        Assert.Equal(Text, site.Address);
    }

    [Theory]
    [InlineData("48 83 ec 18")] // sub $24,%rsp
    [InlineData("48 89 e5")] // mov %rsp,%rbp
    [InlineData("48 8b 47 10")] // mov 16(%rdi),%rax
    [InlineData("ff e0")] // jmp *%rax
    [InlineData("ff d0")] // call *%rax
    [InlineData("e3 10")] // jrcxz: a branch that is not emulated
    [InlineData("e2 10")] // loop
    [InlineData("68 00 00 00 00")] // push of a constant
    [InlineData("ff 37")] // push (%rdi)
    [InlineData("ff f0")] // push %rax, the long way
    [InlineData("c3")] // ret
    [InlineData("0f 05")] // syscall
    public void What_would_be_single_stepped_is_refused(string code)
    {
        var site = Check(code);
        Assert.Equal(ProbeSiteVerdict.SingleStepped, site.Verdict);
        Assert.NotEmpty(site.Instruction);
    }

    [Theory]
    [InlineData("0f 1f 44 00 00")]
    [InlineData("0f 1f 44 00 08")]
    [InlineData("66 0f 1f 40 00")]
    public void A_5_byte_nop_is_refused(string code) => Assert.Equal(ProbeSiteVerdict.UnsafeNop, Check(code).Verdict);

    [Fact]
    public void The_probe_goes_behind_an_endbr64()
    {
        var site = Check("f3 0f 1e fa 55");
        Assert.Equal(ProbeSiteVerdict.Cheap, site.Verdict);
        Assert.Equal(Text + 4, site.Address);
        Assert.Equal(ProbeSiteVerdict.UnsafeNop, Check("f3 0f 1e fa 0f 1f 44 00 00").Verdict);
        Assert.Equal(ProbeSiteVerdict.SingleStepped, Check("f3 0f 1e fa 48 83 ec 18").Verdict);
    }

    [Theory]
    [InlineData(0x900000)]
    [InlineData(0)]
    [InlineData(-1)]
    public void Code_that_is_not_there_is_unreadable(long address) =>
        Assert.Equal(
            ProbeSiteVerdict.Unreadable,
            ProbeSite.Check(VtableShapeTests.Program([0]), (ulong)address).Verdict
        );

    [Fact]
    public void Code_at_the_very_end_of_its_segment_is_read()
    {
        byte[] code = new byte[64];
        code[63] = 0x55;
        Assert.Equal(ProbeSiteVerdict.Cheap, ProbeSite.Check(VtableShapeTests.Program([0], code), Text + 63).Verdict);
    }

    [Fact]
    public void Bytes_that_are_not_an_instruction_are_unreadable() =>
        Assert.Equal(ProbeSiteVerdict.Unreadable, Check("06 06 06").Verdict);
}
