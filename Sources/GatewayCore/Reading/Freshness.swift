// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// How old a value may be, in the words of RFC 9111.
public struct Freshness: Hashable, Sendable {
    /// How old a kept value may be; zero always asks the meter, nil takes what suits the kind of value.
    public var maxAge: Duration?
    /// Whether the meter must not be asked.
    public var onlyIfCached: Bool

    /// What holds when the caller says nothing.
    public static let usual = Freshness()
    /// Always ask the meter.
    public static let live = Freshness(maxAge: .zero)

    /// Makes a wish.
    public init(maxAge: Duration? = nil, onlyIfCached: Bool = false) {
        self.maxAge = maxAge
        self.onlyIfCached = onlyIfCached
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
