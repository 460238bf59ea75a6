// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Timekeeping

/// Remembers which wake-up is under way, so that not every look for work starts another one.
struct AlarmClock {
    private var armed: Timestamp?

    /// The moment to start a wake-up for, or nil when one that is early enough is under way.
    mutating func arm(at moment: Timestamp, now: Timestamp) -> Timestamp? {
        if let armed, armed > now, armed <= moment { return nil }
        armed = moment
        return moment
    }
}
