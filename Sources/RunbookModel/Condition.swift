/// A condition over values: `when`. It knows `== != in and or not`, and nothing else.
package indirect enum Condition: Hashable, Sendable {
    /// A value that is `true` or `false` by itself.
    case truth(Operand)
    case equal(Operand, Operand)
    case different(Operand, Operand)
    case isIn(Operand, [Operand])
    case not(Condition)
    case and(Condition, Condition)
    case or(Condition, Condition)

    package enum Operand: Hashable, Sendable {
        case literal(String)
        case reference(Template.Reference)
    }
}

/// A value that stands for itself in a condition, and is neither `true` nor `false`.
package struct NoTruth: Error, Hashable, Sendable {
    package var name: String
    package var value: String

    package init(name: String, value: String) {
        self.name = name
        self.value = value
    }
}

extension Condition {
    /// Whether it holds. Values are compared as text; a part that decides nothing is not looked at.
    package func holds(_ value: (Template.Reference) -> String) throws(NoTruth) -> Bool {
        func text(_ operand: Operand) -> String {
            switch operand {
            case .literal(let text): text
            case .reference(let reference): value(reference)
            }
        }
        switch self {
        case .truth(let operand):
            let found = text(operand)
            if found == "true" { return true }
            if found == "false" { return false }
            guard case .reference(let reference) = operand else { throw NoTruth(name: found, value: found) }
            throw NoTruth(name: reference.name, value: found)
        case .equal(let one, let other): return text(one) == text(other)
        case .different(let one, let other): return text(one) != text(other)
        case .isIn(let one, let others):
            let found = text(one)
            return others.contains { text($0) == found }
        case .not(let inner): return try !inner.holds(value)
        case .and(let one, let other):
            guard try one.holds(value) else { return false }
            return try other.holds(value)
        case .or(let one, let other):
            if try one.holds(value) { return true }
            return try other.holds(value)
        }
    }

    package var references: [Template.Reference] {
        func of(_ operand: Operand) -> [Template.Reference] {
            if case .reference(let reference) = operand { [reference] } else { [] }
        }
        switch self {
        case .truth(let operand): return of(operand)
        case .equal(let one, let other), .different(let one, let other): return of(one) + of(other)
        case .isIn(let one, let others): return of(one) + others.flatMap(of)
        case .not(let inner): return inner.references
        case .and(let one, let other), .or(let one, let other): return one.references + other.references
        }
    }
}
