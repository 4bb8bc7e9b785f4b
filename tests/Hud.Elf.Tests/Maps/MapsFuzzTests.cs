using Hud.Tests.Support;

namespace Hud.Elf.Tests;

public sealed class MapsFuzzTests
{
    [Fact]
    public void Damaged_text_never_throws_and_every_line_is_accounted_for() =>
        Fuzz.Run(
            "maps",
            [File.ReadAllBytes("/proc/self/maps"), "1000-2000 r-xp 00000000 08:01 5 /x (deleted)\n"u8.ToArray()],
            (bytes, random) =>
            {
                var maps = MapsParser.Parse(bytes);
                var lines = System.Text.Encoding.Latin1.GetString(bytes).Split('\n').Count(l => l.Length > 0);
                Assert.Equal(lines, maps.Mappings.Count + maps.MalformedLines);
                var space = new AddressSpaceMap(maps.Mappings);
                space.TryFind((ulong)random.NextInt64(), out _);
                Assert.All(maps.Mappings, m => Assert.True(m.End > m.Start));
            }
        );
}
