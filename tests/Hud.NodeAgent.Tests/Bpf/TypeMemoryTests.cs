using Hud.NodeAgent.Bpf;

namespace Hud.NodeAgent.Tests.Bpf;

public sealed class TypeMemoryTests
{
    [Theory]
    [InlineData(2, 16_384, 16_384)]
    [InlineData(4, 16_384, 16_384)]
    [InlineData(32, 16_384, 2_849)]
    [InlineData(128, 16_384, 736)]
    [InlineData(128, 700, 700)]
    [InlineData(8192, 16_384, 11)]
    [InlineData(1, 0, 1)]
    public void The_sums_of_all_types_on_all_cpus_stay_within_their_bound(int cpus, int types, int places)
    {
        Assert.Equal(places, TypeMemory.Places(types, cpus));
        Assert.True(places * TypeMemory.BytesOfType(cpus) <= TypeMemory.MaxBytes);
    }

    [Fact]
    public void Every_number_of_cpus_has_a_place_at_least_and_the_bound_at_most()
    {
        for (int cpus = 1; cpus <= 8192; cpus++)
        {
            int places = TypeMemory.Places(64 * 16_384, cpus);
            Assert.InRange(places * TypeMemory.BytesOfType(cpus), 1, TypeMemory.MaxBytes);
        }
    }
}
