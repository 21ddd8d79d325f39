import Glibc
import TestSupport
import Testing
import TimeSeries

@Suite struct TranscendentalTests {
    @Test func `exp and log stay within two units in the last place of libm`() {
        var generator = SeededGenerator(seed: 11)
        var worst = (exp: 0, log: 0, log1p: 0)
        for _ in 0..<200_000 {
            let x = (generator.uniform() - 0.5) * 1_400
            worst.exp = max(worst.exp, unitsInLastPlace(Transcendental.exp(x), Glibc.exp(x)))
            let y = Glibc.exp((generator.uniform() - 0.5) * 1_300)
            worst.log = max(worst.log, unitsInLastPlace(Transcendental.log(y), Glibc.log(y)))
            let z = generator.uniform() * 20
            worst.log1p = max(worst.log1p, unitsInLastPlace(Transcendental.log1p(z), Glibc.log1p(z)))
        }
        #expect(worst.exp <= 2 && worst.log <= 2 && worst.log1p <= 2, "\(worst)")
    }

    @Test func `the edges are those of libm`() {
        #expect(Transcendental.exp(0) == 1)
        #expect(Transcendental.exp(-800) == 0)
        #expect(Transcendental.exp(800) == .infinity)
        #expect(Transcendental.exp(.nan).isNaN)
        #expect(unitsInLastPlace(Transcendental.exp(-740), Glibc.exp(-740)) <= 2)
        #expect(Transcendental.log(1) == 0)
        #expect(Transcendental.log(0) == -.infinity)
        #expect(Transcendental.log(-1).isNaN)
        #expect(Transcendental.log(.infinity) == .infinity)
        #expect(unitsInLastPlace(Transcendental.log(.leastNonzeroMagnitude), Glibc.log(.leastNonzeroMagnitude)) <= 2)
        #expect(Transcendental.log1p(1e-20) == 1e-20)
        #expect(Transcendental.log1p(-1) == -.infinity)
    }

    @Test func `cosine stays within 2e-15 of libm`() {
        var generator = SeededGenerator(seed: 12)
        var worst = 0.0
        for _ in 0..<200_000 {
            let turns = (generator.uniform() - 0.5) * 64
            // Whole turns off first: 2π times a large number would be rounded before libm sees it.
            let expected = Glibc.cos((turns - turns.rounded()) * 6.283185307179586)
            worst = max(worst, (Transcendental.cosine(turns: turns) - expected).magnitude)
        }
        #expect(worst < 2e-15, "\(worst)")
        #expect(Transcendental.cosine(turns: 0) == 1)
        #expect(Transcendental.cosine(turns: 0.5) == -1)
        #expect(Transcendental.cosine(turns: 1e9) == 1)
        #expect(Transcendental.cosine(turns: 1e16).isNaN)
        #expect(Transcendental.cosine(turns: .infinity).isNaN)
        #expect(Transcendental.cosine(turns: .nan).isNaN)
    }

    @Test func `hash and generator give the published values`() {
        // SplitMix64 seeded with 1234567, as listed with the reference code at https://prng.di.unimi.it/splitmix64.c.
        var generator = SeededGenerator(seed: 1_234_567)
        #expect(generator.next() == 6_457_827_717_110_365_317)
        #expect(generator.next() == 3_203_168_211_198_807_973)
        var one = StableHash()
        one.combine("ab")
        one.combine("c")
        var other = StableHash()
        other.combine("a")
        other.combine("bc")
        #expect(one.value != other.value, "the border between two texts counts")
    }
}
