// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// How old a value may be, in the words of RFC 9111.
public struct Freshness: Hashable, Sendable {
    /// How old a kept value may be; zero always asks the meter, nil takes what suits the kind of value.
    public var maxAge: Duration?
    /// Whether the meter must not be asked.
    public var onlyIfCached: Bool

    /// How much older than that it may be if the meter does not answer; nil if not at all.
    public var maxStale: Duration?

    /// What holds when the caller says nothing.
    public static let usual = Freshness()
    /// Always ask the meter.
    public static let live = Freshness(maxAge: .zero)

    /// Makes a wish.
    public init(maxAge: Duration? = nil, onlyIfCached: Bool = false, maxStale: Duration? = nil) {
        self.maxAge = maxAge
        self.onlyIfCached = onlyIfCached
        self.maxStale = maxStale
    }

    /// What will do when the meter does not answer, `usual` being the age that suits the value; nil when nothing will.
    ///
    /// Who wants the meter to be asked in any case (`no-cache`) does not want what is kept.
    func whenSilent(usual: Duration) -> Freshness? {
        guard let maxStale, maxAge != .zero else { return nil }
        return Freshness(maxAge: (maxAge ?? usual) + maxStale, onlyIfCached: true)
    }

    /// How old a value may become before it has to be read; nil for any age.
    func limit(usual: Duration) -> Duration? {
        maxAge ?? (onlyIfCached ? nil : usual)
    }

    /// Whether a value of this age will do, `usual` being the age that suits its kind.
    ///
    /// A caller who forbids asking the meter and names no age takes a value of any age, as RFC 9111 has it.
    func accepts(age: Duration, usual: Duration) -> Bool {
        if let maxAge { return age < maxAge || (age == .zero && onlyIfCached) }
        return onlyIfCached || age < usual
    }
}
