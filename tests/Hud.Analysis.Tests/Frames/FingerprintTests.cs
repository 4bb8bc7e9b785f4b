using Hud.Frames;

namespace Hud.Analysis.Tests;

public class FingerprintTests
{
    [Fact]
    public void Lines_copies_and_kernel_frames_do_not_change_it()
    {
        var one = new[]
        {
            Named.Frame("std::thread::sleep"),
            Named.Frame("checkout::login", "src/login.rs", 42),
            Named.Frame("checkout::f.llvm.123"),
        };
        var two = new[]
        {
            Named.Kernel("hrtimer_nanosleep"),
            Named.Frame("std::thread::sleep"),
            Named.Frame("checkout::login", "src/login.rs", 57),
            Named.Frame("checkout::f.llvm.999"),
        };
        Assert.Equal(Fingerprint.Of(one), Fingerprint.Of(two));
    }

    [Fact]
    public void Recursion_of_any_depth_is_one_stack() =>
        Assert.Equal(
            Fingerprint.Of(Named.Of("checkout::fib < checkout::fib < checkout::f")),
            Fingerprint.Of(Named.Of("checkout::fib < checkout::fib < checkout::fib < checkout::f"))
        );

    [Fact]
    public void Other_functions_are_another_stack() =>
        Assert.NotEqual(
            Fingerprint.Of(Named.Of("std::thread::sleep < checkout::f")),
            Fingerprint.Of(Named.Of("std::thread::sleep < checkout::g"))
        );

    [Fact]
    public void Closures_count_as_they_are_numbered() =>
        Assert.NotEqual(
            Fingerprint.Of(Named.Of("checkout::f::{closure#0}")),
            Fingerprint.Of(Named.Of("checkout::f::{closure#1}"))
        );

    [Fact]
    public void The_value_is_fixed_for_ever() =>
        Assert.Equal("b25c54b73f9d33b4", Fingerprint.Of(Named.Of("std::thread::sleep < checkout::f")));

    [Fact]
    public void Frames_without_names_count_by_module_and_elf_address()
    {
        var one = Frame.Unresolved("/proc/1/root/app/checkout", 0x1f3a0);
        var two = Frame.Unresolved("/app/checkout", 0x1f3a0);
        Assert.Equal("checkout+0x1f3a0", one.Function);
        Assert.Equal(Fingerprint.Of([one]), Fingerprint.Of([two]));
    }
}
