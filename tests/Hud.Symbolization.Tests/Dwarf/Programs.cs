namespace Hud.Symbolization.Tests;

/// <summary>Programs built for the tests, once per run, under the temporary folder.</summary>
internal static class Programs
{
    private const string RustSource = """
        use std::collections::BTreeMap;
        mod stock {
            #[inline(always)] pub fn add(v: &mut Vec<u64>, x: u64) { triple(v, x); }
            #[inline(always)] fn triple(v: &mut Vec<u64>, x: u64) { v.push(x.wrapping_mul(3)); }
            pub struct Item<T>(pub T);
            impl<T: std::fmt::Debug> Item<T> { #[inline(never)] pub fn show(&self) -> String { format!("{:?}", self.0) } }
            impl<T> Drop for Item<T> { #[inline(never)] fn drop(&mut self) { std::hint::black_box(&self); } }
        }
        #[inline(never)]
        fn work(n: u64) -> u64 {
            let mut v = Vec::new();
            for i in 0..n { stock::add(&mut v, i); }
            v.sort_by_key(|x| x ^ 0x55);
            v.iter().map(|x| x ^ 7).filter(|x| x % 3 != 1).fold(0, |a, b| a ^ b.rotate_left(3))
        }
        #[inline(never)]
        fn tree(n: u64) -> usize {
            let mut m = BTreeMap::new();
            for i in 0..n { *m.entry(format!("k{}", i % 97)).or_insert(0u64) += i; }
            m.into_iter().filter(|(k, v)| k.len() > 2 && *v > 3).count()
        }
        fn main() {
            let n = std::env::args().count() as u64;
            let text: String = (0..n * 100).map(|i| char::from(b'a' + (i % 26) as u8)).collect();
            let words: Vec<&str> = text.split('q').collect();
            let handle = std::thread::spawn(move || tree(n * 500));
            println!("{} {} {} {}", work(n * 1000), stock::Item(vec![n]).show(), handle.join().unwrap(), words.len());
        }
        """;

    private const string CSource = """
        #include <stdio.h>
        #include <stdlib.h>
        static inline __attribute__((always_inline)) int twice(int x) { return x * 2 + rand() % 3; }
        static inline __attribute__((always_inline)) int four(int x) { int y = twice(x); return twice(y) ^ y; }
        __attribute__((noinline)) int outer(int n) { int s = 0; for (int i = 0; i < n; i++) s += four(i); return s; }
        __attribute__((noinline)) void show(int v) { if (v > 7) printf("%d\n", v); else puts("small"); }
        #define MORE(n) __attribute__((noinline)) int more##n(int *v, int k) { for (int i = 0; i < k; i++) v[i] = four(v[i] + n) - twice(i); return v[k / 2] % (n + 1); }
        MORE(1) MORE(2) MORE(3) MORE(4) MORE(5) MORE(6)
        int main(int argc, char **argv) {
            int v[64] = {argc};
            show(outer(argc * 10) + more1(v, 60) + more2(v, 50) + more3(v, 40) + more4(v, 30) + more5(v, 20) + more6(v, 10));
            return 0;
        }
        """;

    private static readonly Lazy<string> Folder = new(() => Directory.CreateTempSubdirectory("hud-names-").FullName);

    private static readonly Lazy<string> RustLinesLazy = new(() =>
        Rust("rust-lines", "-O -C debuginfo=line-tables-only")
    );
    private static readonly Lazy<string> RustFullLazy = new(() =>
        Rust("rust-full", "-O -g -C symbol-mangling-version=v0")
    );
    private static readonly Lazy<string> RustFiveLazy = new(() =>
        Rust("rust-five", "-O -g -C dwarf-version=5 -C codegen-units=1")
    );
    private static readonly Lazy<string> RustPlainLazy = new(() => Rust("rust-plain", "-O -C strip=debuginfo"));
    private static readonly Lazy<string> CLazy = new(() => C("c-five", "-O2 -gdwarf-5"));
    private static readonly Lazy<string> CFourLazy = new(() => C("c-four", "-O2 -gdwarf-4"));

    /// <summary>line-tables-only, what Hud advises; DWARF 4.</summary>
    public static string RustLines => RustLinesLazy.Value;

    /// <summary>Full debug information, v0 symbols.</summary>
    public static string RustFull => RustFullLazy.Value;

    /// <summary>Full debug information in DWARF 5.</summary>
    public static string RustFive => RustFiveLazy.Value;

    /// <summary>As <c>cargo build --release</c> makes it: symbols, no debug information.</summary>
    public static string RustPlain => RustPlainLazy.Value;

    public static string CFive => CLazy.Value;

    public static string CFour => CFourLazy.Value;

    public static string TempFile(string name) => Path.Combine(Folder.Value, name);

    private static string Rust(string name, string options)
    {
        Directory.CreateDirectory(TempFile("src"));
        File.WriteAllText(TempFile("src/main.rs"), RustSource);
        var program = TempFile(name);
        Helper.Run(
            "rustc",
            $"--crate-name naming --edition 2021 {options} -o {program} src/main.rs",
            directory: Folder.Value
        );
        return program;
    }

    private static string C(string name, string options)
    {
        var source = TempFile("naming.c");
        File.WriteAllText(source, CSource);
        var program = TempFile(name);
        Helper.Run("gcc", $"{options} -o {program} {source}", directory: Folder.Value);
        return program;
    }
}
