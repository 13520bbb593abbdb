import java.time.*
import java.time.format.DateTimeFormatter
println LocalDate.of(2024, 2, 29).plusYears(1).toString() + ' ' + LocalDate.parse('2024-01-31').plusMonths(1) + ' ' + LocalDate.of(2024, 3, 1).minusDays(1).dayOfYear
println LocalDateTime.of(2024, 2, 29, 12, 30).plusHours(13).format(DateTimeFormatter.ofPattern('yyyy/MM/dd HH:mm')) + ' ' + LocalDateTime.parse('2024-02-29T01:02:03')
println Instant.ofEpochMilli(1700000000123L).toString() + ' ' + Instant.parse('2024-01-01T00:00:00Z').epochSecond
println Duration.ofMinutes(135).toString() + Duration.ofMinutes(135).toHours() + ' ' + Duration.between(Instant.ofEpochSecond(0), Instant.ofEpochSecond(90)).seconds + ' ' + Duration.ofMillis(1500)
println LocalDate.of(2024, 1, 1).isBefore(LocalDate.of(2024, 1, 2)) 
println LocalDate.of(2024, 1, 1).dayOfWeek
println DateTimeFormatter.ofPattern('dd.MM.yyyy').format(LocalDate.of(2024, 12, 24)) + LocalDateTime.ofInstant(Instant.ofEpochSecond(0), ZoneId.of('UTC'))
try { LocalDate.parse('nope') } catch (DateTimeException e) { println e.class.name + ': ' + e.message }
try { LocalDate.of(2023, 2, 29) } catch (DateTimeException e) { println e.class.name }
try { 'x'.foo({ 1 }) } catch (e) { println e.message.readLines()[0].replaceAll(/@\w+/, '') }
