namespace Hud.Symbolization.Tests;

public class RustLegacyTests
{
    [Theory]
    [InlineData("_ZN4test1a2bc17h0123456789abcdefE", "test::a::bc")]
    [InlineData("_ZN33_$u7b$$u7b$closure$u7d$$u7d$17h0123456789abcdefE", null)]
    [InlineData("_ZN8checkout5login28_$u7b$$u7b$closure$u7d$$u7d$17h1a2b3c4d5e6f7a8bE", "checkout::login::{{closure}}")]
    [InlineData(
        "_ZN71_$LT$Test$u20$$u2b$$u20$$u27$static$u20$as$u20$foo..Bar$LT$Test$GT$$GT$3bar17h930b740aa94f1d3aE",
        "<Test + 'static as foo::Bar<Test>>::bar"
    )]
    [InlineData("_ZN12test$BP$test4foob17h0123456789abcdefE", "test*test::foob")]
    [InlineData("_ZN15test$RF$$C$$SP$4foob17h0123456789abcdefE", "test&,@::foob")]
    [InlineData("_ZN12test$LP$$RP$4foob17h0123456789abcdefE", "test()::foob")]
    [InlineData(
        "_ZN4core3ptr42drop_in_place$LT$alloc..string..String$GT$17h0123456789abcdefE.llvm.1234567890ABCDEF",
        "core::ptr::drop_in_place<alloc::string::String>"
    )]
    [InlineData("_ZN3foo17h05af221e174051e9E", "foo")]
    [InlineData("_ZN3foo17h05af221e174051e9E.llvm.9D1C9369", "foo")]
    [InlineData("_ZN3foo17h05af221e174051e9E.llvm.9D1C9369@@16", "foo")]
    [InlineData("_ZN3foo17h05af221e174051e9E.cold", "foo")]
    [InlineData("_ZN3foo17h05af221e174051e9E.llvm.15455393771290841389.warm", "foo")]
    [InlineData("__ZN3foo17h05af221e174051e9E", "foo")]
    [InlineData("_ZN9foo..bar$17h05af221e174051e9E", "foo::bar$")]
    [InlineData("_ZN8foo$uzz$17h05af221e174051e9E", "foo$uzz$")]
    [InlineData("_ZN8foo..bar17h05af221e174051e9E", "foo::bar")]
    public void Legacy_names_read_as_they_were_written(string symbol, string? expected)
    {
        var ok = RustDemangler.TryDemangle(symbol, RustStyle.Short, out var name);
        if (expected is null)
        {
            Assert.False(ok, name);
        }
        else
        {
            Assert.Equal(expected, name);
        }
    }

    [Fact]
    public void The_full_style_keeps_the_hash()
    {
        Assert.True(RustDemangler.TryDemangle("_ZN3foo3bar17h05af221e174051e9E", RustStyle.Full, out var name));
        Assert.Equal("foo::bar::h05af221e174051e9", name);
    }

    [Theory]
    [InlineData("")]
    [InlineData("_ZN")]
    [InlineData("_ZNE")]
    [InlineData("_ZN3foo3barEv")] // C++: no hash
    [InlineData("_ZN17h05af221e174051e9E")] // a hash of nothing
    [InlineData("_ZN3foo17h05af221e174051e9")]
    [InlineData("_ZN3foo17h05af221e174051e9E junk")]
    [InlineData("_ZN99999999999999999999foo17h05af221e174051e9E")]
    [InlineData("_ZN3foo17h05af221e17405ZZZE")]
    [InlineData("main")]
    public void What_is_not_a_rust_name_is_refused(string symbol) =>
        Assert.False(RustDemangler.TryDemangle(symbol, RustStyle.Short, out _));
}
